import { LIMITS } from '../wire.gen';

/** Control characters, and those that turn the direction of writing: "gpj.exe" shown as "exe.jpg". */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** What no common file system has in a name. */
const FORBIDDEN = /[<>:"|?*]/g;
const encoder = new TextEncoder();
const bytesOf = (text: string) => encoder.encode(text).length;

/** A name as it may be offered or saved: no path, nothing invisible, not too long, never empty. */
export function safeFileName(name: string): string {
  const last = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  // Neither hidden files nor the blank or dot at the end that Windows drops.
  const clean = last
    .replace(INVISIBLE, '')
    .replace(FORBIDDEN, '_')
    .replace(/^[.\s]+|[.\s]+$/g, '');
  return cut(clean || 'file');
}

/** Cuts the middle: the ending says what kind of file it is. */
function cut(name: string): string {
  if (bytesOf(name) <= LIMITS.fileNameBytes) return name;
  const dot = name.lastIndexOf('.');
  const ending = dot > 0 && name.length - dot <= 16 ? name.slice(dot) : '';
  const stem = [...name.slice(0, name.length - ending.length)];
  while (stem.length > 1 && bytesOf(stem.join('') + ending) > LIMITS.fileNameBytes) {
    stem.length -= Math.max(1, Math.floor((bytesOf(stem.join('') + ending) - LIMITS.fileNameBytes) / 4));
  }
  return stem.join('') + ending;
}
