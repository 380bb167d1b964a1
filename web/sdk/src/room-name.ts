/** Lower case without i, l and o, which look like 1 and 0. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz';

/**
 * A room name nobody guesses and anybody can read out: three groups of four letters, 23¹² or about 2⁵⁴
 * of them, e.g. `kfmt-wzea-bpqd`.
 */
export function newRoomName(): string {
  const letters: string[] = [];
  const bytes = new Uint8Array(32);
  // Bytes past the last whole multiple of the alphabet would favour its first letters.
  const fair = 256 - (256 % ALPHABET.length);
  while (letters.length < 12) {
    for (const byte of crypto.getRandomValues(bytes)) {
      if (byte < fair) letters.push(ALPHABET.charAt(byte % ALPHABET.length));
    }
  }
  const name = letters.slice(0, 12).join('');
  return `${name.slice(0, 4)}-${name.slice(4, 8)}-${name.slice(8, 12)}`;
}
