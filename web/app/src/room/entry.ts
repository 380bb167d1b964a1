import type { Room } from '@kaigi/client';
import { errorCode } from '../core/errors';

/** How far one is on the way into a room, and how one came out of it. */
export type Entry =
  | { phase: 'prejoin'; error?: unknown }
  | { phase: 'joining'; name: string }
  /** Only holders of the key open rooms here: we wait until one has, or have the key ourselves. */
  | { phase: 'not-open'; name: string; wrongKey: boolean; trying: boolean }
  /** The room's host has set a password. */
  | { phase: 'password'; name: string; wrong: boolean; trying: boolean }
  /** Hosts let people in one by one. */
  | { phase: 'waiting'; name: string }
  /** They have not let us in, or everybody left before they did. */
  | { phase: 'turned-away'; name: string; over: boolean }
  | { phase: 'meeting'; room: Room }
  | { phase: 'left' }
  | { phase: 'replaced' }
  /** The meeting was ended for all. */
  | { phase: 'ended' }
  /** The host has sent us away, perhaps for good. */
  | { phase: 'removed'; banned: boolean }
  | { phase: 'failed'; error: unknown };

/** An attempt begins; in front of a closed door one stays there, and so does what is wrong with the key. */
export function knocking(before: Entry, name: string): Entry {
  return before.phase === 'not-open' || before.phase === 'password'
    ? { ...before, name, trying: true }
    : { phase: 'joining', name };
}

export function afterRefusal(before: Entry, error: unknown, name: string): Entry {
  switch (errorCode(error)) {
    case 'room-not-open':
      // The guest's knocking says nothing about the key: only another key or another text does.
      return {
        phase: 'not-open',
        name,
        wrongKey: before.phase === 'not-open' && before.wrongKey,
        trying: false,
      };
    case 'wrong-key':
      return { phase: 'not-open', name, wrongKey: true, trying: false };
    case 'password-required':
      return { phase: 'password', name, wrong: false, trying: false };
    case 'wrong-password':
      return { phase: 'password', name, wrong: true, trying: false };
    case 'removed':
      return { phase: 'removed', banned: true };
    case 'turned-away':
    case 'room-over':
      return { phase: 'turned-away', name, over: errorCode(error) === 'room-over' };
    case 'invalid-display-name':
      return { phase: 'prejoin', error };
    default:
      return { phase: 'failed', error };
  }
}

export function afterKeyEdit(before: Entry): Entry {
  if (before.phase === 'password' && before.wrong) return { ...before, wrong: false };
  return before.phase === 'not-open' && before.wrongKey ? { ...before, wrongKey: false } : before;
}
