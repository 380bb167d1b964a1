import { describe, expect, it } from 'vitest';
import { arrange, coverage, type Stage } from '../src/meeting/layout';
import { gridCapacity, makeRoom, planStage, stripCapacity, type Cast } from '../src/meeting/plan';
import { viewOf } from '../src/meeting/view';

const desktop: Stage = { width: 1256, height: 720, gap: 12 };
const stages: Record<string, Stage> = {
  desktop,
  'upright phone': { width: 378, height: 700, gap: 6 },
  'phone on its side': { width: 832, height: 330, gap: 6 },
};
const people = (count: number) => Array.from({ length: count }, (_, index) => `p${index}:camera`);
const plan = (stage: Stage, seats: readonly string[], more: Partial<Cast> = {}, page = 0) => {
  const cast: Cast = {
    screens: [],
    own: ['own:camera'],
    others: seats.length,
    pinned: undefined,
    layout: 'grid',
    ...more,
  };
  return planStage(cast, makeRoom(stage, cast), seats, page);
};
const kindOf = (key: string) => (key.endsWith(':screen') ? ('screen' as const) : ('camera' as const));
/** What the SDK is told of such a page. */
const wanted = (stage: Stage, { shown, mains }: ReturnType<typeof plan>, all: readonly string[]) => {
  const shape = (key: string) => ({ key, kind: kindOf(key), own: key.startsWith('own'), aspect: 16 / 9 });
  const placed = arrange(stage, shown.map(shape), { mains });
  const tiles = all.map((key) => ({
    key,
    kind: kindOf(key),
    participant: key.startsWith('own') ? undefined : key.slice(0, key.indexOf(':')),
    on: true,
  }));
  const { wants } = viewOf({
    tiles,
    placed,
    aspects: {},
    pinned: undefined,
    full: undefined,
    pixelRatio: 1,
    receive: 'everything',
    hidden: false,
  });
  return { placed, keys: wants.map(({ participant, source }) => `${participant}:${source}`) };
};

describe.each(Object.entries(stages))('on a %s', (_name, stage) => {
  it.each([1, 2, 3, 5, 9, 16, 25, 49, 100])(
    'each of %i is on one page, and only that page is received',
    (total) => {
      const seats = people(total - 1);
      const all = [...seats, 'own:camera'];
      const { pages } = plan(stage, seats);
      const seen: string[] = [];
      for (let page = 0; page < pages; page += 1) {
        const now = plan(stage, seats, {}, page);
        const { placed, keys } = wanted(stage, now, all);
        expect(now.shown.at(-1)).toBe('own:camera');
        expect(placed).toHaveLength(now.shown.length);
        expect([...keys].sort()).toEqual(now.shown.filter((key) => key !== 'own:camera').sort());
        if (total <= 9) expect(coverage(stage, placed)).toBeGreaterThanOrEqual(0.75);
        seen.push(...keys);
      }
      expect(seen.sort()).toEqual([...seats].sort());
      if (total <= 9) expect(pages).toBe(1);
    },
  );

  it.each([1, 3, 8, 24, 60])('beside a shared screen %i faces take turns, none too small', (count) => {
    const seats = people(count);
    const all = [...seats, 'own:camera', 'p0:screen'];
    const { pages } = plan(stage, seats, { screens: ['p0:screen'] });
    for (let page = 0; page < pages; page += 1) {
      const now = plan(stage, seats, { screens: ['p0:screen'] }, page);
      expect(now.mains).toEqual(['p0:screen']);
      const { placed, keys } = wanted(stage, now, all);
      expect(keys[0]).toBe('p0:screen');
      expect(keys.length).toBeLessThanOrEqual(stripCapacity(stage) + 1);
      for (const { width, height } of placed) expect(Math.min(width, height)).toBeGreaterThan(45);
    }
  });
});

it('a large window has 49 on a page, a phone 9', () => {
  expect(gridCapacity({ width: 1880, height: 950, gap: 12 })).toBe(49);
  expect(gridCapacity(desktop)).toBe(49);
  expect(Object.values(stages).map(gridCapacity)).toEqual([49, 9, 9]);
});

it('a page that is gone is the last one', () => {
  expect(plan(stages['upright phone'] as Stage, people(20), {}, 7)).toMatchObject({ page: 2, pages: 3 });
});

describe('the stage', () => {
  const seats = people(4);

  it('is a shared screen\u2019s when nothing is pinned, and given back at its end', () => {
    expect(plan(desktop, seats).mains).toEqual([]);
    expect(plan(desktop, seats, { screens: ['p1:screen'] }).mains).toEqual(['p1:screen']);
    expect(plan(desktop, seats).mains).toEqual([]);
  });

  it('is what is pinned, whatever is shared; the screen lies beside it, before the faces', () => {
    const { mains, shown } = plan(desktop, seats, { screens: ['p1:screen'], pinned: 'p2:camera' });
    expect(mains).toEqual(['p2:camera']);
    expect(shown.slice(0, 2)).toEqual(['p2:camera', 'p1:screen']);
  });

  it('is shared by several screens; those for which there is no room lie beside', () => {
    const screens = ['p0:screen', 'p1:screen', 'p2:screen', 'p3:screen', 'p4:screen'];
    expect(plan(desktop, seats, { screens }).mains).toEqual(screens.slice(0, 4));
    expect(plan(stages['upright phone'] as Stage, seats, { screens }).mains).toEqual(screens.slice(0, 2));
    expect(plan(desktop, seats, { screens }).shown).toContain('p4:screen');
  });

  it('is the first seat\u2019s in the speaker view, unless a screen or a pin has it, or two talk', () => {
    const layout = 'speaker' as const;
    expect(plan(desktop, seats, { layout }).mains).toEqual(['p0:camera']);
    expect(plan(desktop, seats, { layout, screens: ['p1:screen'] }).mains).toEqual(['p1:screen']);
    expect(plan(desktop, seats, { layout, pinned: 'p3:camera' }).mains).toEqual(['p3:camera']);
    expect(plan(desktop, people(1), { layout }).mains).toEqual([]);
  });

  it('may be one\u2019s own, which is then not beside it as well', () => {
    const { mains, shown } = plan(desktop, seats, { pinned: 'own:camera' });
    expect(mains).toEqual(['own:camera']);
    expect(shown.filter((key) => key === 'own:camera')).toHaveLength(1);
  });
});
