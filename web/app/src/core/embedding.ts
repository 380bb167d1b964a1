import type { LocalMedia, Room } from '@kaigi/client';
import { useEffect } from 'react';
import { parseQuery } from './route';
import { createStore } from './store';

/** Shown in a frame of another page: without what leads out of the meeting, and listening to that page. */
export const embedded = parseQuery(location.search).embed;

/** What the page around the frame is told of, and steers. */
export interface EmbeddedRoom {
  roomName: string;
  phase: string;
  room?: Room | undefined;
  error?: unknown;
  /** Missing where the room's name is none. */
  media?: LocalMedia;
  leave?: () => void;
}

export const embeddedRoom = createStore<EmbeddedRoom | undefined>(undefined);

/** The part that speaks with the page around us comes only where there is one. */
export function startEmbedding(): void {
  if (!embedded) return;
  document.documentElement.dataset.embed = '';
  if (parent === window) return;
  import('../embed/start').then(
    ({ start }) => start(),
    (error: unknown) => console.error('kaigi: the page around this frame cannot be answered', error),
  );
}

/** Tells of a room as it is now. Costs nothing where nobody asks. */
export function useEmbedded(now: EmbeddedRoom): void {
  useEffect(() => {
    if (embedded) embeddedRoom.set(now);
  });
}
