import type { Room } from '@kaigi/client';
import { createStore, type Store } from '../core/store';

/** A message of one's own that is not in the room's chat yet. */
export interface Outgoing {
  id: number;
  text: string;
  /** For whom, and in answer to what. */
  options: Addressed;
  /** `sent` has been taken by the server and only waits to come back as a line of the chat. */
  state: 'waiting' | 'sent' | 'failed';
  error?: unknown;
}

export interface Addressed {
  to?: { id: string; name: string } | undefined;
  replyTo?: number | undefined;
}

export interface Outbox {
  items: Pick<Store<readonly Outgoing[]>, 'get' | 'subscribe'>;
  send(text: string, options?: Addressed): void;
  retry(id: number): void;
  discard(id: number): void;
}

/** How long a message the server has taken is shown without having come back as a line of the chat. */
const echoMilliseconds = 2000;

/**
 * Sends messages one after the other, in the order they were written, however long each takes. One that
 * fails stays until it is sent again or discarded; those behind it go on.
 */
export function createOutbox(room: Pick<Room, 'id' | 'chat' | 'sendChat' | 'on'>): Outbox {
  const items = createStore<readonly Outgoing[]>([]);
  let lastId = 0;
  /** The message on its way: the only one whose line can come. */
  let current: number | undefined;

  const find = (id: number) => items.get().find((item) => item.id === id);
  const remove = (id: number) => items.set((all) => all.filter((item) => item.id !== id));
  const change = (id: number, to: Partial<Outgoing>) =>
    items.set((all) => all.map((item) => (item.id === id ? { ...item, ...to } : item)));

  room.on('chat', (added) => {
    for (const { from, to, body } of added) {
      if (current === undefined || from !== room.id || body.type !== 'message') continue;
      const item = find(current);
      // The line itself takes its place, in the same frame.
      if (item?.text === body.text && item.options.to?.id === to) remove(current);
    }
  });
  // What was written for one room is not said in another.
  room.on('moved', () =>
    items.set((all) =>
      all.map((item) =>
        item.state === 'waiting' && item.id !== current ? { ...item, state: 'failed' } : item,
      ),
    ),
  );

  const run = async () => {
    if (current !== undefined) return;
    for (;;) {
      const next = items.get().find((item) => item.state === 'waiting');
      if (!next) break;
      current = next.id;
      try {
        await room.sendChat(next.text, { to: next.options.to?.id, replyTo: next.options.replyTo });
        change(next.id, { state: 'sent' });
        await gone(next.id);
        remove(next.id);
      } catch (error) {
        change(next.id, { state: 'failed', error });
      }
    }
    current = undefined;
  };

  /** Resolves when the message's line has come, or has taken too long. */
  const gone = (id: number) =>
    new Promise<void>((resolve) => {
      if (!find(id)) return resolve();
      const done = () => {
        clearTimeout(timer);
        stop();
        resolve();
      };
      const timer = setTimeout(done, echoMilliseconds);
      const stop = items.subscribe(() => {
        if (!find(id)) done();
      });
    });

  const send = (text: string, options: Addressed = {}) => {
    const id = ++lastId;
    items.set((all) => [...all, { id, text, options, state: 'waiting' }]);
    void run();
  };

  return {
    items,
    send,
    retry(id) {
      const item = find(id);
      if (item?.state !== 'failed') return;
      remove(id);
      send(item.text, item.options);
    },
    discard(id) {
      if (find(id)?.state === 'failed') remove(id);
    },
  };
}
