import { LIMITS } from '@kaigi/client';

/** Why a text is no room name. */
export type RoomNameProblem =
  { type: 'empty' } | { type: 'too-long'; characters: number } | { type: 'forbidden'; character: string };

export type RoomNameCheck = { name: string } | { problem: RoomNameProblem };

const forbidden = /[^\p{Alphabetic}\p{N}\p{M}\-_.]/u;
const blanks = /\p{White_Space}+/u;
/** A character takes at most this many bytes or is normalized to many others: nothing longer can fit. */
const mostBytes = LIMITS.roomNameChars * 16;

/**
 * The server's rule (`RoomName::parse`), so that a bad name is refused where it is typed: NFKC, lower case,
 * blanks to `-`; then 1 to 64 letters, digits, marks, `-`, `_` or `.`, but not `.` or `..` alone.
 */
export function checkRoomName(text: string): RoomNameCheck {
  if (new TextEncoder().encode(text).length > mostBytes)
    return { problem: { type: 'too-long', characters: [...text].length } };
  const name = lowerCase(text.normalize('NFKC')).normalize('NFKC').split(blanks).filter(Boolean).join('-');
  if (name === '') return { problem: { type: 'empty' } };
  const characters = [...name].length;
  if (characters > LIMITS.roomNameChars) return { problem: { type: 'too-long', characters } };
  if (name === '.' || name === '..') return { problem: { type: 'forbidden', character: '.' } };
  const character = forbidden.exec(name)?.[0];
  return character === undefined ? { name } : { problem: { type: 'forbidden', character } };
}

/** Each character by itself: the whole text at once would end Greek words in another sigma than the server. */
function lowerCase(text: string): string {
  return [...text].map((character) => character.toLowerCase()).join('');
}
