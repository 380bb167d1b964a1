import {
  KaigiError,
  type ChatEntry,
  type LocalMedia,
  type RemoteParticipant,
  type Room,
} from '@kaigi/client';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { EmbeddedRoom } from '../src/core/embedding';
import { createStore } from '../src/core/store';
import { createBridge } from '../src/embed/bridge';
import { readMessage } from '../src/embed/envelope';
import { parentOrigin, senderOf } from '../src/embed/origin';
import { createRate } from '../src/embed/rate';

describe('whom a meeting in a frame obeys', () => {
  const parent = {};
  const portal = 'https://portal.example';

  it('knows the page around it by the browser’s word, else by the referrer', () => {
    expect(parentOrigin({ ancestorOrigins: [portal, 'https://top.example'], referrer: '' })).toBe(portal);
    expect(parentOrigin({ ancestorOrigins: undefined, referrer: `${portal}/a/page` })).toBe(portal);
    expect(parentOrigin({ ancestorOrigins: undefined, referrer: '' })).toBeUndefined();
    expect(parentOrigin({ ancestorOrigins: ['null'], referrer: `${portal}/` })).toBeUndefined();
  });

  it('takes commands of the window around it only, from where that really is', () => {
    const around = { window: parent, ancestorOrigins: [portal] };
    expect(senderOf({ source: parent, origin: portal }, around)).toBe(portal);
    expect(senderOf({ source: {}, origin: portal }, around)).toBeUndefined();
    expect(senderOf({ source: null, origin: portal }, around)).toBeUndefined();
    expect(senderOf({ source: parent, origin: 'https://evil.example' }, around)).toBeUndefined();
    expect(
      senderOf({ source: parent, origin: 'null' }, { window: parent, ancestorOrigins: undefined }),
    ).toBeUndefined();
    expect(senderOf({ source: parent, origin: portal }, { window: parent, ancestorOrigins: undefined })).toBe(
      portal,
    );
  });
});

describe('the envelope', () => {
  it('leaves alone what is not for the meeting', () => {
    for (const message of [
      undefined,
      null,
      'kaigi',
      7,
      [],
      {},
      { type: 'leave' },
      { source: 'react-devtools' },
    ])
      expect(readMessage(message)).toEqual({ kind: 'foreign' });
  });

  it('reads commands', () => {
    expect(readMessage({ kaigi: 1, type: 'set-mic', id: 'a', data: { on: true } })).toEqual({
      kind: 'command',
      id: 'a',
      command: { type: 'set-mic', data: { on: true } },
    });
    expect(readMessage({ kaigi: 1, type: 'toggle-screen' })).toMatchObject({
      kind: 'command',
      id: undefined,
    });
  });

  it('says in words what is wrong with others', () => {
    const wrong: [unknown, string, RegExp][] = [
      [{ kaigi: 2, type: 'leave', id: 1 }, 'version-mismatch', /version 1/],
      [{ kaigi: 1, type: 'dance', id: 1 }, 'unknown-command', /set-mic/],
      [{ kaigi: 1, type: 'constructor', id: 1 }, 'unknown-command', /no such command/],
      [{ kaigi: 1, type: 'set-mic', id: 1 }, 'bad-command', /data\.on/],
      [{ kaigi: 1, type: 'set-mic', id: 1, data: { on: 'yes' } }, 'bad-command', /true or false/],
      [{ kaigi: 1, type: 'set-layout', id: 1, data: { layout: 'spiral' } }, 'bad-command', /"grid"/],
      [{ kaigi: 1, type: 'send-chat', id: 1, data: { text: '  ' } }, 'bad-command', /not empty/],
      [
        { kaigi: 1, type: 'send-chat', id: 1, data: { text: '会'.repeat(5000) } },
        'bad-command',
        /8192 bytes/,
      ],
      [{ kaigi: 1, type: 'raise-hand', id: 1, data: {} }, 'bad-command', /raised/],
      [{ kaigi: 1, type: 'toggle-screen', id: 1, data: { on: 1 } }, 'bad-command', /not there/],
    ];
    for (const [message, code, words] of wrong)
      expect(readMessage(message)).toMatchObject({
        kind: 'bad',
        id: 1,
        error: { code, message: expect.stringMatching(words) as string },
      });
    const endless = readMessage({ kaigi: 1, type: 'leave', id: 'x'.repeat(65) });
    expect(endless).toMatchObject({ kind: 'bad', id: undefined });
  });
});

it('lets through so many at once, and so many a second', () => {
  const rate = createRate(3, 10);
  expect([0, 0, 0, 0].map(rate)).toEqual([true, true, true, false]);
  expect(rate(100)).toBe(true);
  expect(rate(100)).toBe(false);
});

/** A room and devices that do as they are told, and say so. */
function meeting() {
  const listeners = new Map<string, Set<(argument: unknown) => void>>();
  const on = (event: string, listener: (argument: unknown) => void) => {
    const all = listeners.get(event) ?? new Set();
    listeners.set(event, all.add(listener));
    return () => void all.delete(listener);
  };
  const emit = (event: string, argument?: unknown) =>
    listeners.get(event)?.forEach((listener) => listener(argument));
  const state = { mic: false, camera: false, screen: false, screenAudio: false };
  const turn = (device: 'mic' | 'camera') => (to: boolean) => {
    state[device] = to;
    emit('change');
    return Promise.resolve();
  };
  const media = { state, on, setMic: turn('mic'), setCamera: turn('camera') } as unknown as LocalMedia;
  const room = {
    name: 'demo',
    id: 'ann',
    displayName: 'Ann',
    host: true,
    hand: undefined as number | undefined,
    permissions: { mic: true, camera: true, screen: true, chat: true, files: true },
    participants: [] as RemoteParticipant[],
    on,
    sendChat: vi.fn(() => Promise.resolve()),
    raiseHand: vi.fn(() => Promise.reject(new KaigiError('rate-limited', 'Not so fast.'))),
  };
  return { media, room, emit, asRoom: room as unknown as Room, listeners };
}

describe('the bridge', () => {
  let now: number;
  let posted: { type: string; data: unknown; id: unknown }[];
  let rooms: ReturnType<typeof createStore<EmbeddedRoom | undefined>>;
  let layout: 'grid' | 'speaker';
  const begin = () =>
    createBridge({
      roomName: 'demo',
      rooms,
      layouts: { get: () => layout, set: (next) => (layout = next) },
      post: (type, data, id) => posted.push({ type, data, id }),
      now: () => now,
    });
  const settled = () => new Promise((resolve) => setTimeout(resolve));
  const types = () => posted.map(({ type }) => type);

  beforeEach(() => {
    now = 0;
    posted = [];
    layout = 'grid';
    rooms = createStore<EmbeddedRoom | undefined>(undefined);
  });

  it('tells of a meeting from entering it to leaving it', () => {
    const { media, room, emit, asRoom, listeners } = meeting();
    const bridge = begin();
    bridge.begin();
    expect(posted).toEqual([{ type: 'ready', data: { room: 'demo' }, id: undefined }]);
    rooms.set({ roomName: 'demo', phase: 'joining', media });
    rooms.set({ roomName: 'demo', phase: 'meeting', media, room: asRoom, leave: () => undefined });
    expect(types()).toEqual([
      'ready',
      'mic',
      'camera',
      'screen',
      'joined',
      'participants',
      'hand',
      'speaking',
    ]);
    posted = [];
    const bob = { id: 'bob', name: 'Bob', host: false, hand: 5, media: media.state, speaking: true };
    room.participants = [bob as unknown as RemoteParticipant];
    emit('participants');
    emit('participants'); // nothing that shows has changed
    expect(types()).toEqual(['participants', 'speaking']);
    expect(posted[0]?.data).toMatchObject({
      count: 2,
      participants: [{ own: true }, { name: 'Bob', hand: true }],
    });
    expect(posted[1]?.data).toEqual({ ids: ['bob'] });
    posted = [];
    const line = {
      id: 7,
      at: 9,
      from: 'bob',
      name: 'Bob',
      body: { type: 'message', text: 'Hi' },
    } satisfies ChatEntry;
    emit('chat', [{ ...line, body: { type: 'joined' } }]);
    emit('chat', [line]);
    expect(posted.map(({ data }) => data)).toEqual([
      { messages: [{ id: 7, at: 9, from: 'bob', name: 'Bob', text: 'Hi', own: false, direct: false }] },
    ]);
    posted = [];
    rooms.set({ roomName: 'demo', phase: 'removed', media });
    expect(posted).toEqual([{ type: 'left', data: { reason: 'removed' }, id: undefined }]);
    expect(listeners.get('chat')?.size).toBe(0);
  });

  it('does what is asked for, and answers by id', async () => {
    const { media, room, asRoom } = meeting();
    rooms.set({ roomName: 'demo', phase: 'meeting', media, room: asRoom, leave: () => undefined });
    const bridge = begin();
    bridge.begin();
    posted = [];
    bridge.handle({ kaigi: 1, type: 'set-mic', id: 1, data: { on: true } });
    bridge.handle({ kaigi: 1, type: 'set-layout', id: 2, data: { layout: 'speaker' } });
    bridge.handle({ kaigi: 1, type: 'send-chat', id: 'c', data: { text: 'Hello' } });
    bridge.handle({ kaigi: 1, type: 'raise-hand', id: 4, data: { raised: true } });
    bridge.handle({ kaigi: 1, type: 'get-state', id: 5 });
    await settled();
    const answers = posted.filter(({ type }) => type === 'answer');
    expect(answers).toHaveLength(5);
    const of = (id: unknown) => answers.find((answer) => answer.id === id)?.data;
    expect(of(1)).toEqual({ ok: true });
    expect(of('c')).toEqual({ ok: true });
    expect(of(4)).toEqual({ ok: false, error: { code: 'rate-limited', message: 'Not so fast.' } });
    expect(of(5)).toMatchObject({ ok: true, result: { phase: 'meeting', mic: true, layout: 'speaker' } });
    expect(room.sendChat).toHaveBeenCalledWith('Hello');
    expect(layout).toBe('speaker');
  });

  it('changes nothing on a command that is bad, too early, or not allowed', async () => {
    const { media, room, asRoom } = meeting();
    const bridge = begin();
    bridge.begin();
    posted = [];
    bridge.handle({ kaigi: 1, type: 'send-chat', id: 1, data: { text: 'Hello' } });
    rooms.set({ roomName: 'demo', phase: 'meeting', media, room: asRoom, leave: () => undefined });
    room.permissions.mic = false;
    bridge.handle({ kaigi: 1, type: 'set-mic', id: 2, data: { on: true } });
    bridge.handle({ kaigi: 1, type: 'set-mic', data: { on: 'yes' } });
    await settled();
    expect(posted.find(({ id }) => id === 1)?.data).toMatchObject({
      ok: false,
      error: { code: 'not-joined' },
    });
    expect(posted.find(({ id }) => id === 2)?.data).toMatchObject({
      ok: false,
      error: { code: 'not-allowed' },
    });
    expect(posted.find(({ type }) => type === 'error')?.data).toMatchObject({ code: 'bad-command' });
    expect(media.state.mic).toBe(false);
    expect(room.sendChat).not.toHaveBeenCalled();
  });

  it('refuses what comes too fast, and takes commands again later', async () => {
    const bridge = begin();
    bridge.begin();
    posted = [];
    for (let id = 0; id < 40; id += 1) bridge.handle({ kaigi: 1, type: 'get-state', id });
    await settled();
    const refused = posted.filter(({ data }) => JSON.stringify(data).includes('rate-limited'));
    expect(refused).toHaveLength(10);
    now = 1000;
    bridge.handle({ kaigi: 1, type: 'get-state', id: 'later' });
    await settled();
    expect(posted.find(({ id }) => id === 'later')?.data).toMatchObject({ ok: true });
  });
});
