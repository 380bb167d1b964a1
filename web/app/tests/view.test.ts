import { describe, expect, it } from 'vitest';
import type { Placed } from '../src/meeting/layout';
import { viewOf, type ShownTile, type Sight } from '../src/meeting/view';

const camera = (who: string, more: Partial<ShownTile> = {}): ShownTile => ({
  key: `${who}:camera`,
  participant: who,
  kind: 'camera',
  on: true,
  ...more,
});
const place = (key: string, more: Partial<Placed> = {}): Placed => ({
  key,
  x: 0,
  y: 0,
  width: 320,
  height: 180,
  role: 'grid',
  fit: 'cover',
  ...more,
});
const see = (more: Partial<Sight>) =>
  viewOf({
    tiles: [camera('ann'), camera('bob')],
    placed: [place('ann:camera'), place('bob:camera')],
    aspects: {},
    pinned: undefined,
    full: undefined,
    pixelRatio: 1,
    receive: 'everything',
    hidden: false,
    ...more,
  });
const heights = (more: Partial<Sight>) =>
  Object.fromEntries(see(more).wants.map(({ participant, height }) => [participant, height]));

describe('what the server is asked for', () => {
  it('is every picture that is on and has a place, but not the own one', () => {
    const own = { ...camera('me'), key: 'own:camera', participant: undefined };
    const tiles = [camera('ann', { on: false }), camera('bob'), camera('cy'), own];
    const placed = ['ann:camera', 'bob:camera', 'own:camera'].map((key) => place(key));
    expect(see({ tiles, placed }).wants).toEqual([
      { participant: 'bob', source: 'camera', height: 180, preferred: false },
    ]);
  });

  it('is the whole picture in device pixels, in steps', () => {
    expect(heights({ pixelRatio: 2 })).toEqual({ ann: 360, bob: 360 });
    const placed = [
      // Sides are cut off, top and bottom are cut off, bars at the sides, bars above and below.
      place('ann:camera', { width: 90, height: 160 }),
      place('bob:camera', { width: 320, height: 90 }),
    ];
    expect(heights({ placed })).toEqual({ ann: 160, bob: 180 });
    const bars = placed.map((one) => ({ ...one, fit: 'contain' as const }));
    expect(heights({ placed: bars })).toEqual({ ann: 60, bob: 100 });
    expect(heights({ aspects: { 'ann:camera': 9 / 16 }, placed })).toEqual({ ann: 160, bob: 180 });
  });

  it('begins with what was enlarged, then screens, then the largest', () => {
    const screen: ShownTile = { ...camera('cy'), key: 'cy:screen', kind: 'screen' };
    const tiles = [camera('ann'), camera('bob'), camera('dan'), screen];
    const placed = [
      place('ann:camera'),
      place('bob:camera', { height: 400 }),
      place('dan:camera'),
      place('cy:screen'),
    ];
    const order = (pinned?: string) => see({ tiles, placed, pinned }).wants.map((want) => want.participant);
    expect(order()).toEqual(['cy', 'bob', 'ann', 'dan']);
    expect(order('dan:camera')).toEqual(['dan', 'cy', 'bob', 'ann']);
    expect(see({ tiles, placed, pinned: 'dan:camera' }).wants.map((want) => want.preferred)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it('is one picture in full size while it fills the screen', () => {
    expect(see({ full: { key: 'bob:camera', height: 1080 } }).wants).toEqual([
      { participant: 'bob', source: 'camera', height: 1080, preferred: true },
    ]);
  });

  it('is what a window of its own shows, also while nobody looks at the page', () => {
    const pip = { key: 'bob:camera', height: 260 };
    expect(see({ hidden: true, pip }).wants).toEqual([
      { participant: 'bob', source: 'camera', height: 260, preferred: false },
    ]);
    expect(heights({ pip })).toEqual({ ann: 180, bob: 260 });
    expect(heights({ pip, full: { key: 'ann:camera', height: 1080 } })).toEqual({ ann: 1080, bob: 260 });
  });

  it('is no picture while nobody looks, and as much as the user wants otherwise', () => {
    expect(see({ hidden: true, receive: 'low' })).toEqual({ receive: 'low', wants: [] });
    expect(see({ receive: 'low' }).receive).toBe('low');
  });
});
