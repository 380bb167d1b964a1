const graphemes =
  'Segmenter' in Intl ? new Intl.Segmenter(undefined, { granularity: 'grapheme' }) : undefined;

function firstGrapheme(text: string): string {
  const first = graphemes?.segment(text)[Symbol.iterator]().next().value;
  return first?.segment ?? [...text][0] ?? '';
}

const cjk = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** One or two letters that stand for a person: "Ann Lee" → AL, "王小明" → 小明, "🦊 Fox" → 🦊F. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = words[0];
  if (first === undefined) return '?';
  if (words.length === 1 && cjk.test(first)) return [...first].slice(-2).join('');
  const last = words.length > 1 ? words[words.length - 1] : undefined;
  return (firstGrapheme(first) + (last === undefined ? '' : firstGrapheme(last))).toLocaleUpperCase();
}

/** A hue (0..359) that is the same for a name everywhere. */
export function hueOf(name: string): number {
  let hash = 2166136261;
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  return (hash >>> 0) % 360;
}
