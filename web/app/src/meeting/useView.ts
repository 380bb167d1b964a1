import type { Receive, Room } from '@kaigi/client';
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { useSettled } from '../core/hooks';
import type { Placed } from './layout';
import { viewOf, type ShownTile, type Sight } from './view';

/** A glance at another tab costs nobody a picture. */
const hiddenAfterMilliseconds = 3000;

const onVisibility = (notify: () => void) => {
  document.addEventListener('visibilitychange', notify);
  return () => document.removeEventListener('visibilitychange', notify);
};
const isHidden = () => document.visibilityState === 'hidden';

const onFullscreen = (notify: () => void) => {
  document.addEventListener('fullscreenchange', notify);
  return () => document.removeEventListener('fullscreenchange', notify);
};
const readFullTile = () => document.fullscreenElement?.getAttribute('data-tile') ?? undefined;

/** The tile that fills the screen. */
export const useFullTile = () => useSyncExternalStore(onFullscreen, readFullTile);

/** Tells the SDK what of the others is seen, and how large. */
export function useView(
  room: Room,
  tiles: readonly ShownTile[],
  placed: readonly Placed[],
  aspects: Readonly<Record<string, number>>,
  pinned: string | undefined,
  full: string | undefined,
  pip: Sight['pip'],
  receive: Receive,
): void {
  const hiddenNow = useSyncExternalStore(onVisibility, isHidden);
  const hidden = useSettled(hiddenNow, (next) => !next, hiddenAfterMilliseconds);
  const view = viewOf({
    tiles,
    placed,
    aspects,
    pinned,
    full: full === undefined ? undefined : { key: full, height: innerHeight },
    pip,
    pixelRatio: devicePixelRatio,
    receive,
    hidden,
  });
  const text = JSON.stringify(view);
  // The same view is made anew at each drawing; it is told when it says something else.
  const told = useMemo(() => JSON.parse(text) as typeof view, [text]);
  useEffect(() => {
    room.setView(told);
  }, [room, told]);
}
