import i18next from 'i18next';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { initReactI18next } from 'react-i18next';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { createStore } from '../src/core/store';
import en from '../src/i18n/en';
import type { Placed } from '../src/meeting/layout';
import { noSigns } from '../src/meeting/quality';
import { Tile } from '../src/meeting/Tile';
import type { TileContent } from '../src/meeting/tiles';

const drawn = vi.hoisted(() => ({ count: 0 }));
vi.mock('../src/meeting/TileVideo', () => ({
  TileVideo: () => {
    drawn.count += 1;
    return null;
  },
}));

const content: TileContent = {
  key: 'ann:camera',
  participant: 'ann',
  kind: 'camera',
  own: false,
  label: 'Ann',
  name: 'Ann',
  form: undefined,
  track: undefined,
  on: true,
  paused: false,
  muted: false,
  speaking: false,
  connected: true,
  path: 'server',
};
const placed: Placed = { key: 'ann:camera', x: 0, y: 0, width: 150, height: 84, role: 'strip', fit: 'cover' };
const ignore = () => undefined;
const signs = createStore(noSigns);
const isOthers = () => false;

let root: Root;
let page: HTMLElement;
const show = (change: Partial<TileContent> = {}, place: Partial<Placed> = {}, others = isOthers) =>
  act(async () =>
    root.render(
      <Tile
        content={{ ...content, ...change }}
        signs={signs}
        placed={{ ...placed, ...place }}
        insets={{ left: 0, right: 0 }}
        pinned={false}
        onPin={ignore}
        onHide={undefined}
        corner="bottom-right"
        onCorner={ignore}
        onAspect={ignore}
        isOthers={others}
      />,
    ),
  );

beforeAll(async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  await i18next.use(initReactI18next).init({
    lng: 'en',
    resources: { en: { translation: en } },
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
  });
});
beforeEach(async () => {
  page = document.body.appendChild(document.createElement('div'));
  root = createRoot(page);
  await show();
  drawn.count = 0;
});
afterEach(async () => {
  await act(async () => root.unmount());
  page.remove();
});

it('a tile is not drawn anew when the stage is and nothing of its own has changed', async () => {
  await show();
  await show();
  expect(drawn.count).toBe(0);
});

it.each([{ speaking: true }, { muted: true }, { paused: true }, { connected: false }, { label: 'Anne' }])(
  'a tile is drawn anew with %j',
  async (change) => {
    await show(change);
    expect(drawn.count).toBeGreaterThan(0);
  },
);

it('a tile is drawn anew when it moves, and when a track may be somebody else’s', async () => {
  await show({}, { x: 10 });
  expect(drawn.count).toBe(1);
  await show({}, { x: 10 }, () => true);
  expect(drawn.count).toBe(2);
});

it('what is wrong with a tile is said in words, however small it is', async () => {
  await show({ paused: true });
  expect(page.querySelector('.tile-state')?.textContent).toBe('Paused to save bandwidth');
  expect(page.querySelector('.tile-state')?.getAttribute('title')).toBe('Paused to save bandwidth');
});
