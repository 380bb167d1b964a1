import type { ChatEntry } from '@kaigi/client';
import { indexOf } from './entries';

/** What of the chat is drawn: its end, or from a line on. A long chat is never drawn as a whole. */
export type Place =
  | 'end'
  | {
      /** The number of the first line drawn. */
      first: number;
      /** The last line there was when one left the end. */
      seen: number;
    };

export interface Range {
  start: number;
  end: number;
}

/** Lines drawn at once. */
export const drawn = 160;
/** By how many it is moved on. */
const step = 80;

export function rangeOf(entries: readonly ChatEntry[], place: Place): Range {
  if (place === 'end') return { start: Math.max(0, entries.length - drawn), end: entries.length };
  const start = Math.max(0, Math.min(indexOf(entries, place.first), entries.length - 1));
  return { start, end: Math.min(entries.length, start + drawn) };
}

/** The same lines, which stay where they are whatever comes. */
export function stay(entries: readonly ChatEntry[], place: Place): Place {
  return place === 'end' ? at(entries, rangeOf(entries, place).start, place) : place;
}

/** Further up, by half of what is drawn; the same if nothing is there. */
export function further(entries: readonly ChatEntry[], place: Place, direction: 'up' | 'down'): Place {
  const { start, end } = rangeOf(entries, place);
  if (direction === 'up') return start === 0 ? place : at(entries, Math.max(0, start - step), place);
  return end === entries.length ? place : at(entries, start + step, place);
}

/** So that this line is in the middle. */
export function around(entries: readonly ChatEntry[], id: number, place: Place): Place {
  return at(entries, Math.max(0, indexOf(entries, id) - drawn / 2), place);
}

/** Something has come below since one left the end. */
export function isBehind(entries: readonly ChatEntry[], place: Place): boolean {
  return place !== 'end' && (entries.at(-1)?.id ?? 0) > place.seen;
}

function at(entries: readonly ChatEntry[], start: number, place: Place): Place {
  const seen = place === 'end' ? (entries.at(-1)?.id ?? 0) : place.seen;
  return { first: entries[start]?.id ?? 0, seen };
}
