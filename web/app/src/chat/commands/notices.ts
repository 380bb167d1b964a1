import type { Room } from '@kaigi/client';
import { createStore, type Store } from '../../core/store';

/** What came of a command: in the chat, and seen by nobody else. */
export interface LocalNotice {
  id: number;
  /** The last line of the chat when it was said. */
  after: number;
  tone: 'info' | 'error';
  text: string;
  /** The commands, for `/help`. */
  lines?: readonly { usage: string; text: string }[];
}

const kept = 30;
const stores = new WeakMap<Room, Store<readonly LocalNotice[]>>();
let lastId = 0;

/** They outlive the panel, as what was written does. */
export function noticesOf(room: Room): Store<readonly LocalNotice[]> {
  const known = stores.get(room);
  if (known) return known;
  const store = createStore<readonly LocalNotice[]>([]);
  stores.set(room, store);
  // Another room, another chat: what was said about the old one would stand between its lines.
  room.on('moved', () => store.set([]));
  return store;
}

export function notice(room: Room, said: Omit<LocalNotice, 'id' | 'after'>): void {
  const after = room.chat[room.chat.length - 1]?.id ?? 0;
  noticesOf(room).set((all) => [...all, { ...said, id: ++lastId, after }].slice(-kept));
}

/** Those that belong after line `from` and before line `to`. */
export function noticesBetween(
  all: readonly LocalNotice[],
  from: number,
  to: number,
): readonly LocalNotice[] {
  return all.filter(({ after }) => after >= from && after < to);
}
