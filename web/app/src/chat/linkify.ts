/** A piece of a message: text as it is, or a link that may be followed. */
export interface Piece {
  type: 'text' | 'link';
  value: string;
}

// Ends at white space, at characters no URL holds, and at CJK or full-width punctuation that people write
// right after a link without a space.
const candidate =
  /https?:\/\/[^\s<>"'`{}|\\^\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+/gi;
const trailing = /[.,;:!?…·*_~'"”’»]+$/;
const pairs: readonly (readonly [string, string])[] = [
  ['(', ')'],
  ['[', ']'],
];

/** Splits a message at its http and https links; joined again the pieces are the message. */
export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(candidate)) {
    const url = trimUrl(match[0]);
    if (!isWebAddress(url)) continue;
    if (match.index > end) pieces.push({ type: 'text', value: text.slice(end, match.index) });
    pieces.push({ type: 'link', value: url });
    end = match.index + url.length;
  }
  if (end < text.length) pieces.push({ type: 'text', value: text.slice(end) });
  return pieces;
}

/** "(see https://a.example/x_(y).)" links to https://a.example/x_(y). */
function trimUrl(url: string): string {
  for (;;) {
    const before = url;
    url = url.replace(trailing, '');
    for (const [open, close] of pairs) {
      if (url.endsWith(close) && count(url, close) > count(url, open)) url = url.slice(0, -1);
    }
    if (url === before) return url;
  }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

function isWebAddress(text: string): boolean {
  try {
    const url = new URL(text);
    return (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '';
  } catch {
    return false;
  }
}
