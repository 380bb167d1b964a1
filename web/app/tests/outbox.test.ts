import type { ChatEntry, ChatOptions } from '@kaigi/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOutbox } from '../src/chat/outbox';

/** A room whose answers the test gives. */
function fakeRoom() {
  const listeners = new Set<(added: ChatEntry[]) => void>();
  const movers: typeof listeners = new Set();
  const answers: {
    text: string;
    options: ChatOptions;
    resolve: () => void;
    reject: (error: unknown) => void;
  }[] = [];
  const room = {
    id: 'me',
    chat: [] as ChatEntry[],
    on: (event: string, listener: (added: ChatEntry[]) => void) => {
      const to = event === 'chat' ? listeners : movers;
      to.add(listener);
      return () => to.delete(listener);
    },
    sendChat: (text: string, options: ChatOptions) =>
      new Promise<void>((resolve, reject) => answers.push({ text, options, resolve, reject })),
  };
  return {
    room: room as unknown as Parameters<typeof createOutbox>[0],
    asked: () => answers.map(({ text }) => text),
    answer: async () => {
      answers[answers.length - 1]?.resolve();
      await settle();
    },
    refuse: async (error: unknown = new Error('boom')) => {
      answers[answers.length - 1]?.reject(error);
      await settle();
    },
    options: () => answers.map(({ options }) => options),
    line: async (text: string, from = 'me', to?: string) => {
      const id = room.chat.length + 1;
      const line: ChatEntry = { id, at: id, from, name: from, body: { type: 'message', text } };
      if (to !== undefined) line.to = to;
      room.chat = [...room.chat, line];
      for (const listener of listeners) listener([line]);
      await settle();
    },
    move: () => {
      for (const listener of movers) listener([]);
    },
  };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('what is written', () => {
  it('goes out in order, one after the other, and turns into lines of the chat', async () => {
    const { room, asked, answer, line } = fakeRoom();
    const outbox = createOutbox(room);
    const texts = () => outbox.items.get().map((item) => item.text);
    outbox.send('one');
    outbox.send('two');
    outbox.send('three');
    expect(asked()).toEqual(['one']);
    expect(texts()).toEqual(['one', 'two', 'three']);
    await answer();
    await line('one');
    expect(texts()).toEqual(['two', 'three']);
    expect(asked()).toEqual(['one', 'two']);
    await line('two'); // before its answer
    expect(texts()).toEqual(['three']);
    await answer();
    expect(asked()).toEqual(['one', 'two', 'three']);
  });

  it('is shown until its line comes, and no longer than it takes', async () => {
    const { room, answer } = fakeRoom();
    const outbox = createOutbox(room);
    outbox.send('one');
    await answer();
    expect(outbox.items.get()).toMatchObject([{ text: 'one', state: 'sent' }]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(outbox.items.get()).toEqual([]);
  });

  it('twice the same is sent twice', async () => {
    const { room, asked, answer, line } = fakeRoom();
    const outbox = createOutbox(room);
    outbox.send('ok');
    outbox.send('ok');
    await answer();
    expect(asked()).toEqual(['ok']);
    await line('ok', 'somebody');
    expect(outbox.items.get()).toHaveLength(2);
    await line('ok');
    expect(outbox.items.get()).toHaveLength(1);
    expect(asked()).toEqual(['ok', 'ok']);
    await line('ok');
    expect(outbox.items.get()).toEqual([]);
  });

  it('stays when it fails, does not hold up the rest, and can be sent again', async () => {
    const { room, asked, answer, refuse, line } = fakeRoom();
    const outbox = createOutbox(room);
    const shown = () => outbox.items.get().map(({ text, state }) => `${text} ${state}`);
    outbox.send('important');
    outbox.send('next');
    const error = new Error('boom');
    await refuse(error);
    expect(outbox.items.get()[0]).toMatchObject({ text: 'important', state: 'failed', error });
    expect(shown()).toEqual(['important failed', 'next waiting']);
    await answer();
    await line('next');
    expect(shown()).toEqual(['important failed']);
    outbox.retry(outbox.items.get()[0]?.id ?? 0);
    expect(shown()).toEqual(['important waiting']);
    await answer();
    await line('important');
    expect(shown()).toEqual([]);
    expect(asked()).toEqual(['important', 'next', 'important']);
  });

  it('is discarded only when it failed', async () => {
    const { room, refuse } = fakeRoom();
    const outbox = createOutbox(room);
    outbox.send('one');
    const id = outbox.items.get()[0]?.id ?? 0;
    outbox.discard(id);
    expect(outbox.items.get()).toHaveLength(1);
    await refuse();
    outbox.discard(id);
    expect(outbox.items.get()).toEqual([]);
  });

  it('goes to whom it is for, in answer to what; the same text to others is not it', async () => {
    const { room, options, answer, line } = fakeRoom();
    const outbox = createOutbox(room);
    outbox.send('ok', { to: { id: 'bob', name: 'Bob' }, replyTo: 7 });
    expect(options()).toEqual([{ to: 'bob', replyTo: 7 }]);
    await line('ok');
    expect(outbox.items.get()).toHaveLength(1);
    await line('ok', 'me', 'bob');
    expect(outbox.items.get()).toEqual([]);
    await answer();
  });

  it('is not said in another room', async () => {
    const { room, asked, answer, line, move } = fakeRoom();
    const outbox = createOutbox(room);
    outbox.send('on its way');
    outbox.send('for these people');
    move();
    await answer();
    await line('on its way');
    expect(asked()).toEqual(['on its way']);
    expect(outbox.items.get()).toMatchObject([{ text: 'for these people', state: 'failed' }]);
  });
});
