import type { Reaction } from '@kaigi/client';

export const signs = {
  'thumbs-up': '👍',
  clap: '👏',
  heart: '❤️',
  laugh: '😂',
  surprise: '😮',
  party: '🎉',
} as const satisfies Record<Reaction, string>;

export const reactions = Object.keys(signs) as Reaction[];

/** A sign on its way up. */
export interface Floating {
  key: number;
  from: string;
  reaction: Reaction;
  /** Whose it is, as read below it; undefined over their tile, which says so. */
  name: string | undefined;
  /** Where it sets out, in the window. */
  left: number;
  top: number;
}

/** At once; of a room full of applause the rest is not drawn. */
export const mostFloating = 12;

/** One more, in the place of the oldest if there are too many. */
export function floated(all: readonly Floating[], one: Floating): readonly Floating[] {
  return [...all, one].slice(-mostFloating);
}
