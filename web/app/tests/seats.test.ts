import { describe, expect, it } from 'vitest';
import { bringIn, bringToFront, reseat, type Seats } from '../src/meeting/seats';

const seats = (text: string): Seats => text.split('');
const text = (list: Seats) => list.join('');

describe('seats', () => {
  it('go to newcomers at the end, and nobody else moves', () => {
    expect(text(reseat([], seats('abc'), 9))).toBe('abc');
    expect(text(reseat(seats('abc'), seats('dabc'), 9))).toBe('abcd');
  });

  it('stay the same object while nobody comes or goes, in whatever order they are listed', () => {
    const before = seats('abc');
    expect(reseat(before, seats('cba'), 2)).toBe(before);
  });

  it('close up on a single page', () => {
    expect(text(reseat(seats('abcd'), seats('acd'), 9))).toBe('acd');
  });

  it('that were left are taken by the last of all where there are pages: one moves', () => {
    expect(text(reseat(seats('abcdefgh'), seats('acdefgh'), 3))).toBe('ahcdefg');
    // On the last page there is nobody to fill it.
    expect(text(reseat(seats('abcdefgh'), seats('abcdefh'), 3))).toBe('abcdefh');
    expect(text(reseat(seats('abcdef'), seats('cef'), 2))).toBe('fec');
  });

  it('that were left go to who comes at the same moment', () => {
    expect(text(reseat(seats('abc'), seats('acx'), 9))).toBe('axc');
  });

  it('are all taken once, whoever comes and goes', () => {
    let now: Seats = [];
    let random = 7;
    const next = () => (random = (random * 16807) % 2147483647) / 2147483647;
    const people = Array.from({ length: 30 }, (_, index) => `p${index}`);
    for (let round = 0; round < 300; round += 1) {
      const present = people.filter(() => next() < 0.7);
      const perPage = 1 + Math.floor(next() * 12);
      now = reseat(now, present, perPage);
      if (present[0]) now = bringIn(now, present[0], perPage, present.slice(1, 4));
      expect([...now].sort()).toEqual([...present].sort());
    }
  });
});

describe('who speaks out of sight', () => {
  it('swaps with who has been silent for longest; all others keep their seats', () => {
    expect(text(bringIn(seats('abcdefgh'), 'g', 4, ['g', 'd', 'b']))).toBe('abgdefch');
    expect(text(bringIn(seats('abcdefgh'), 'g', 4, ['g', 'd', 'b', 'a', 'c']))).toBe('abgdefch');
  });

  it('moves nobody when on the first page already, or not there', () => {
    const before = seats('abcd');
    expect(bringIn(before, 'b', 2, ['b'])).toBe(before);
    expect(bringIn(before, 'x', 2, ['x'])).toBe(before);
  });

  it('leaves alone what is pinned', () => {
    expect(text(bringIn(seats('abcd'), 'd', 2, [], new Set(['b'])))).toBe('dbca');
    const before = seats('abcd');
    expect(bringIn(before, 'd', 2, [], new Set(['a', 'b']))).toBe(before);
  });

  it('exchanges places with the speaker before, in the speaker view', () => {
    expect(text(bringToFront(seats('abcd'), 'c'))).toBe('cbad');
    expect(text(bringToFront(seats('cbad'), 'c'))).toBe('cbad');
  });
});
