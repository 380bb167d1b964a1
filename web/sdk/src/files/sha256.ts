/** SHA-256 (FIPS 180-4) over bytes that come in pieces, which WebCrypto cannot do. */

const BLOCK_BYTES = 64;

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes (§4.2.2). */
const ROUNDS = new Uint32Array(64);
/** The same of the square roots of the first eight (§5.3.3). */
const START = new Uint32Array(8);

for (let candidate = 2, found = 0; found < 64; candidate++) {
  let prime = true;
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) {
    if (candidate % divisor === 0) {
      prime = false;
      break;
    }
  }
  if (!prime) continue;
  if (found < 8) START[found] = fraction(candidate ** (1 / 2));
  ROUNDS[found++] = fraction(candidate ** (1 / 3));
}

export class Sha256 {
  readonly #state = START.slice();
  readonly #schedule = new Uint32Array(64);
  readonly #rest = new Uint8Array(BLOCK_BYTES);
  #restBytes = 0;
  #bytes = 0;

  update(data: Uint8Array): this {
    this.#bytes += data.length;
    let at = 0;
    if (this.#restBytes > 0) {
      at = Math.min(BLOCK_BYTES - this.#restBytes, data.length);
      this.#rest.set(data.subarray(0, at), this.#restBytes);
      this.#restBytes += at;
      if (this.#restBytes < BLOCK_BYTES) return this;
      this.#compress(this.#rest, 0);
      this.#restBytes = 0;
    }
    for (; at + BLOCK_BYTES <= data.length; at += BLOCK_BYTES) this.#compress(data, at);
    this.#rest.set(data.subarray(at));
    this.#restBytes = data.length - at;
    return this;
  }

  /** The digest; nothing can be added after it. */
  digest(): Uint8Array<ArrayBuffer> {
    const bits = this.#bytes * 8;
    const padding = new Uint8Array(((BLOCK_BYTES + 55 - (this.#bytes % BLOCK_BYTES)) % BLOCK_BYTES) + 9);
    padding[0] = 0x80;
    const length = new DataView(padding.buffer, padding.length - 8);
    length.setUint32(0, Math.floor(bits / 2 ** 32));
    length.setUint32(4, bits >>> 0);
    this.update(padding);
    const digest = new Uint8Array(32);
    const view = new DataView(digest.buffer);
    this.#state.forEach((word, index) => view.setUint32(index * 4, word));
    return digest;
  }

  /** One block (§6.2.2). */
  #compress(data: Uint8Array, from: number): void {
    const words = this.#schedule;
    const state = this.#state;
    for (let index = 0, at = from; index < 16; index++, at += 4) {
      words[index] =
        (word(data, at) << 24) | (word(data, at + 1) << 16) | (word(data, at + 2) << 8) | word(data, at + 3);
    }
    for (let index = 16; index < 64; index++) {
      const early = word(words, index - 15);
      const late = word(words, index - 2);
      const sigma0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
      const sigma1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
      words[index] = (word(words, index - 16) + sigma0 + word(words, index - 7) + sigma1) | 0;
    }
    let a = word(state, 0);
    let b = word(state, 1);
    let c = word(state, 2);
    let d = word(state, 3);
    let e = word(state, 4);
    let f = word(state, 5);
    let g = word(state, 6);
    let h = word(state, 7);
    for (let index = 0; index < 64; index++) {
      const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const first = (h + sum1 + ((e & f) ^ (~e & g)) + word(ROUNDS, index) + word(words, index)) | 0;
      const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const second = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    state[0] = word(state, 0) + a;
    state[1] = word(state, 1) + b;
    state[2] = word(state, 2) + c;
    state[3] = word(state, 3) + d;
    state[4] = word(state, 4) + e;
    state[5] = word(state, 5) + f;
    state[6] = word(state, 6) + g;
    state[7] = word(state, 7) + h;
  }
}

function fraction(root: number): number {
  return ((root - Math.floor(root)) * 2 ** 32) >>> 0;
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

/** An element that is there: the type of an index does not say so. */
function word(array: Uint8Array | Uint32Array, index: number): number {
  return array[index] as number;
}
