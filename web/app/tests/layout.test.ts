import { describe, expect, it } from 'vitest';
import {
  arrange,
  coverage,
  nameInsets,
  type Placed,
  type Stage,
  type TileShape,
} from '../src/meeting/layout';

const stages: Record<string, Stage> = {
  desktop: { width: 1256, height: 720, gap: 12 },
  'desktop with a panel': { width: 884, height: 720, gap: 12 },
  'wide desktop': { width: 2536, height: 1000, gap: 12 },
  'upright phone': { width: 378, height: 700, gap: 6 },
  'small upright phone': { width: 348, height: 610, gap: 6 },
  'phone on its side': { width: 832, height: 330, gap: 6 },
  'upright tablet': { width: 744, height: 950, gap: 12 },
};

function people(count: number): TileShape[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `tile${index}`,
    kind: 'camera' as const,
    own: index === count - 1,
    aspect: 16 / 9,
  }));
}

describe.each(Object.entries(stages))('on a %s', (_name, stage) => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])('%i tiles cover at least 75 percent', (count) => {
    const placed = arrange(stage, people(count));
    expect(placed).toHaveLength(count);
    expect(coverage(stage, placed)).toBeGreaterThanOrEqual(0.75);
    expectInside(stage, placed);
    expectApart(placed.filter((tile) => tile.role !== 'floating'));
  });

  it.each([1, 2, 4, 8])(
    'a shared screen with %i cameras is the largest tile and covers with them 75 percent',
    (count) => {
      const tiles: TileShape[] = [
        ...people(count),
        { key: 'screen', kind: 'screen', own: false, aspect: 16 / 9 },
      ];
      const placed = arrange(stage, tiles, { mains: ['screen'] });
      const screen = placed.find((tile) => tile.key === 'screen');
      expect(screen?.fit).toBe('contain');
      expect((screen?.width ?? 0) * (screen?.height ?? 0)).toBeGreaterThan(0.6 * stage.width * stage.height);
      expect(coverage(stage, placed)).toBeGreaterThanOrEqual(0.75);
      expectInside(stage, placed);
      expectApart(placed);
    },
  );

  it.each([2, 3, 4])('%i shared screens share the stage, alike and larger than any face', (count) => {
    const screens = Array.from({ length: count }, (_, index): TileShape => {
      return { key: `screen${index}`, kind: 'screen', own: false, aspect: 16 / 9 };
    });
    const placed = arrange(stage, [...screens, ...people(4)], { mains: screens.map(({ key }) => key) });
    expectInside(stage, placed);
    expectApart(placed);
    const areas = (role: Placed['role']) =>
      placed.filter((tile) => tile.role === role).map(({ width, height }) => width * height);
    expect(areas('main')).toHaveLength(count);
    expect(Math.min(...areas('main')) / Math.max(...areas('main'))).toBeGreaterThan(0.45);
    expect(Math.min(...areas('main'))).toBeGreaterThan(Math.max(...areas('strip')));
  });

  it.each([12, 16, 25, 49, 100])('%i tiles are all there, apart from each other', (count) => {
    const placed = arrange(stage, people(count));
    expect(placed).toHaveLength(count);
    expectInside(stage, placed);
    expectApart(placed);
  });

  it.each([12, 25, 48])('beside a shared screen, %i cameras lie in as many lines as they need', (count) => {
    const screen: TileShape = { key: 'screen', kind: 'screen', own: false, aspect: 16 / 9 };
    const placed = arrange(stage, [...people(count), screen], { mains: ['screen'] });
    expect(placed).toHaveLength(count + 1);
    expectInside(stage, placed);
    expectApart(placed);
    const strip = placed.filter((tile) => tile.role === 'strip');
    expect(Math.min(...strip.map((tile) => Math.min(tile.width, tile.height)))).toBeGreaterThan(14);
  });

  it('cuts no camera picture by more than 45 percent', () => {
    for (let count = 2; count <= 9; count += 1) {
      for (const tile of arrange(stage, people(count))) {
        if (tile.fit !== 'cover') continue;
        const ratio = tile.width / tile.height / (16 / 9);
        expect(Math.min(ratio, 1 / ratio)).toBeGreaterThanOrEqual(0.55);
      }
    }
  });
});

describe('a talk of two', () => {
  it('fills a desktop with the other and lets oneself float', () => {
    const [other, self] = arrange(stages.desktop as Stage, people(2));
    expect(other).toMatchObject({ key: 'tile0', role: 'main', width: 1256, height: 720 });
    expect(self?.role).toBe('floating');
  });

  it('lets oneself float in any corner', () => {
    const [, self] = arrange(stages.desktop as Stage, people(2), { corner: 'top-left' });
    expect(self).toMatchObject({ x: 12, y: 12 });
  });

  it('stacks wide pictures on an upright phone, the other larger', () => {
    const [other, self] = arrange(stages['upright phone'] as Stage, people(2));
    expect(other?.role).toBe('grid');
    expect(other?.fit).toBe('cover');
    expect((other?.height ?? 0) >= (self?.height ?? 0)).toBe(true);
  });

  it('fills an upright phone with an upright picture', () => {
    const [first, second] = people(2) as [TileShape, TileShape];
    const placed = arrange(stages['upright phone'] as Stage, [{ ...first, aspect: 9 / 16 }, second]);
    expect(placed.map((tile) => tile.role)).toEqual(['main', 'floating']);
  });

  it('keeps the other large while one shares the own screen', () => {
    const [other, self] = people(2) as [TileShape, TileShape];
    const placed = arrange(stages.desktop as Stage, [
      other,
      { key: 'own:screen', kind: 'screen', own: true },
      self,
    ]);
    expect(placed.find((tile) => tile.role === 'main')?.key).toBe('tile0');
  });
});

it('three on a desktop get about the same', () => {
  const areas = arrange(stages.desktop as Stage, people(3)).map(({ width, height }) => width * height);
  expect(Math.min(...areas) / Math.max(...areas)).toBeGreaterThan(0.7);
});

describe('the name on the tile below the floating one', () => {
  const insets = (corner: 'bottom-right' | 'bottom-left' | 'top-right') => {
    const [main, self] = arrange(stages.desktop as Stage, people(2), { corner }) as [Placed, Placed];
    return { ...nameInsets(main, self), main, self };
  };

  it('ends before it', () => {
    const { left, right, main, self } = insets('bottom-right');
    expect(left).toBe(0);
    expect(main.x + main.width - right).toBeCloseTo(self.x);
  });

  it('begins after it', () => {
    const { left, right, main, self } = insets('bottom-left');
    expect(right).toBe(0);
    expect(main.x + left).toBeCloseTo(self.x + self.width);
  });

  it('takes no notice of it in the upper corners, nor of none', () => {
    const { left, right, main, self } = insets('top-right');
    expect([left, right]).toEqual([0, 0]);
    expect(nameInsets(main, undefined)).toEqual({ left: 0, right: 0 });
    expect(nameInsets(self, self)).toEqual({ left: 0, right: 0 });
  });
});

it('a pinned tile becomes the main one', () => {
  const placed = arrange(stages.desktop as Stage, people(5), { mains: ['tile3'] });
  expect(placed.find((tile) => tile.role === 'main')?.key).toBe('tile3');
});

it('an empty or unmeasured stage has no tiles', () => {
  expect(arrange(stages.desktop as Stage, [])).toEqual([]);
  expect(arrange({ width: 0, height: 0, gap: 0 }, people(2))).toEqual([]);
});

function expectInside(stage: Stage, placed: readonly Placed[]) {
  for (const tile of placed) {
    expect(tile.x).toBeGreaterThanOrEqual(-0.01);
    expect(tile.y).toBeGreaterThanOrEqual(-0.01);
    expect(tile.x + tile.width).toBeLessThanOrEqual(stage.width + 0.01);
    expect(tile.y + tile.height).toBeLessThanOrEqual(stage.height + 0.01);
  }
}

function expectApart(placed: readonly Placed[]) {
  placed.forEach((a, index) => {
    for (const b of placed.slice(index + 1)) {
      const overlap =
        Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x) > 0.01 &&
        Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y) > 0.01;
      expect(overlap, `${a.key} and ${b.key}`).toBe(false);
    }
  });
}
