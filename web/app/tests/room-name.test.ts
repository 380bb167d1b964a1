import { expect, it } from 'vitest';
import { checkRoomName } from '../src/core/room-name';

// The same cases as the server's `RoomName::parse`, and those where JavaScript would differ by itself.
it.each([
  ['Weekly Sync', 'weekly-sync'],
  ['  周会  ', '周会'],
  ['ＡＢＣ', 'abc'],
  ['हिन्दी', 'हिन्दी'],
  ['a.b_c-1', 'a.b_c-1'],
  ['a \u3000\t b', 'a-b'],
  ['ΟΔΟΣ', 'οδοσ'],
  ['²Ⅷ', '2viii'],
  ['x'.repeat(64), 'x'.repeat(64)],
  ['会'.repeat(64), '会'.repeat(64)],
  ['𠮷'.repeat(64), '𠮷'.repeat(64)],
  ['...', '...'],
])('%j is the room %j', (typed, name) => {
  expect(checkRoomName(typed)).toEqual({ name });
});

it.each(['', '   ', '\u00a0\u3000'])('%j is empty', (typed) => {
  expect(checkRoomName(typed)).toEqual({ problem: { type: 'empty' } });
});

it.each([
  ['x'.repeat(65), 65],
  ['𠮷'.repeat(65), 65],
  ['x'.repeat(3000), 3000],
  // One character that NFKC makes eighteen of.
  ['\ufdfa'.repeat(4), 72],
])('%j is too long', (typed, characters) => {
  expect(checkRoomName(typed)).toEqual({ problem: { type: 'too-long', characters } });
});

it.each([
  ['a/b?c', '/'],
  ['a?b', '?'],
  ['100%', '%'],
  ['.', '.'],
  ['..', '.'],
  ['a\u0000b', '\u0000'],
  ['a\u202eb', '\u202e'],
  ['a\u200bb', '\u200b'],
  ['🎉', '🎉'],
  ['½', '⁄'],
  ['\ufeffa', '\ufeff'],
  ['https://meet.example.org/', ':'],
])('%j holds the forbidden %j', (typed, character) => {
  expect(checkRoomName(typed)).toEqual({ problem: { type: 'forbidden', character } });
});
