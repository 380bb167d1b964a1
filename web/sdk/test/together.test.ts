import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ALL, NO_SETTINGS } from '../src/permissions';
import type { ChatEntry } from '../src/wire.gen';
import { Client } from './fakes/client';
import { settle } from './fakes/connection';
import { must } from './fakes/must';
import { joined, line, participant } from './fakes/wire';

const ME = participant('me');
const BOB = participant('bob', { name: 'Bob', joinedAt: 1 });
const CY = participant('cy', { name: 'Cy', joinedAt: 2 });

async function alone(more: Parameters<typeof joined>[2] = {}): Promise<Client> {
  const ann = new Client();
  await ann.join(joined(ME, [BOB], more));
  await ann.signals();
  return ann;
}

/** What an event of the room says from now on. */
function heard(client: Client, event: Parameters<Client['room']['on']>[0]): unknown[] {
  const all: unknown[] = [];
  client.room.on(event, (what) => all.push(what));
  return all;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('MediaStream', EventTarget);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the waiting room', () => {
  it('keeps a join waiting until a host lets one in', async () => {
    const onWaiting = vi.fn();
    const ann = new Client({ onWaiting });
    await settle();
    ann.network.last.handlers.opened();
    await ann.network.last.take('join').refuse('waiting');
    await vi.advanceTimersByTimeAsync(600_000);
    expect(onWaiting).toHaveBeenCalledOnce();
    ann.network.last.handlers.event('admitted', {});
    await settle();
    await ann.network.last.take('join').ok(joined(ME, [BOB]));
    expect((await ann.joining).participants).toHaveLength(1);
  });

  it('knocks again when the connection is lost meanwhile', async () => {
    const ann = new Client();
    await settle();
    ann.network.last.handlers.opened();
    await ann.network.last.take('join').refuse('waiting');
    await vi.advanceTimersByTimeAsync(600_000);
    await ann.network.last.lose();
    await vi.advanceTimersByTimeAsync(5_000);
    await ann.join(joined(ME, [BOB]));
    expect(ann.room.participants).toHaveLength(1);
  });

  it.each([
    [false, 'turned-away', /has not let you in/],
    [true, 'room-over', /meeting ended/],
  ])('turns away in words (over: %s)', async (over, code, words) => {
    const ann = new Client();
    await settle();
    ann.network.last.handlers.opened();
    await ann.network.last.take('join').refuse('waiting');
    ann.network.last.handlers.event('turned-away', { over });
    await expect(ann.joining).rejects.toMatchObject({ code, message: words });
  });
});

describe('what hosts do not allow', () => {
  it('is turned off, is not told as on, and stays off', async () => {
    const ann = await alone();
    await ann.room.media.setMic(true);
    await settle();
    await ann.network.last.take('media').ok();
    const settings = { ...NO_SETTINGS, allowed: { ...ALL, mic: false } };
    await ann.tell({ event: 'room-updated', data: settings });
    expect(ann.room.media.state.mic).toBe(false);
    expect(ann.network.last.take<{ mic: boolean }>('media').data.mic).toBe(false);
    await ann.room.media.setMic(true);
    await settle();
    expect(ann.room.media.state.mic).toBe(false);
    expect(ann.network.last.requests.filter(({ event }) => event === 'media')).toEqual([]);
    expect(ann.room.permissions.mic).toBe(false);
    await ann.tell({ event: 'participant-updated', data: { ...ME, host: true } });
    expect(ann.room.permissions).toEqual(ALL);
  });
});

it('a host mutes: the device is turned off, and the server is told nothing else', async () => {
  const ann = await alone();
  const muted = heard(ann, 'muted');
  await ann.room.media.setMic(true);
  await settle();
  await ann.network.last.take('media').ok();
  await ann.tell({ event: 'muted', data: { source: 'microphone', by: 'bob' } });
  expect(muted).toEqual([{ source: 'mic', by: 'bob' }]);
  expect(ann.room.media.state.mic).toBe(false);
  expect(ann.network.last.requests.filter(({ event }) => event === 'media')).toEqual([]);
});

describe('the chat', () => {
  it('sends to one and in answer, and takes in what has changed', async () => {
    const ann = await alone();
    void ann.room.sendChat('psst', { to: 'bob', replyTo: 7 });
    await settle();
    expect(ann.network.last.take('chat').data).toEqual({ text: 'psst', to: 'bob', replyTo: 7 });
    const changed = heard(ann, 'chat-changed');
    await ann.tell({ event: 'chat', data: line(8, 'bob', 'helo') });
    const edited: ChatEntry = { ...line(8, 'bob', 'hello'), edited: 9 };
    await ann.tell({ event: 'chat-changed', data: edited });
    await ann.tell({ event: 'chat-changed', data: edited });
    expect(changed).toEqual([[edited]]);
    expect(ann.room.chat).toEqual([edited]);
  });

  it('learns on coming back what has changed meanwhile', async () => {
    const ann = await alone({ chat: [line(8, 'bob', 'helo')] });
    const changed = heard(ann, 'chat-changed');
    const gone: ChatEntry = { ...line(8, 'bob', ''), body: { type: 'deleted' } };
    await ann.rejoin(joined(ME, [BOB], { outcome: 'resumed', chat: [gone] }));
    expect(changed).toEqual([[gone]]);
  });
});

it('knows how one has voted, from before and from now', async () => {
  const ann = await alone({ votes: [{ poll: 3, options: [1] }] });
  expect(ann.room.polls.votes).toEqual(new Map([[3, [1]]]));
  const votes = heard(ann, 'votes');
  const voting = ann.room.polls.vote(4, [0, 2]);
  await ann.network.last.take('vote').ok();
  await voting;
  const taking = ann.room.polls.vote(3, []);
  await ann.network.last.take('vote').ok();
  await taking;
  expect(votes).toHaveLength(2);
  expect(ann.room.polls.votes).toEqual(new Map([[4, [0, 2]]]));
});

it('tells of hands, one own and those of others', async () => {
  const ann = await alone();
  const hands = heard(ann, 'hand');
  await ann.tell({ event: 'participant-updated', data: { ...ME, hand: 5 } });
  await ann.tell({ event: 'participant-updated', data: { ...BOB, hand: 6 } });
  expect([ann.room.hand, must(ann.room.participants[0]).hand, hands]).toEqual([5, 6, [5]]);
});

it('goes to a breakout room: other people, another chat, and its token', async () => {
  const ann = await alone({ chat: [line(1, 'bob', 'main')] });
  const left: unknown[] = [];
  ann.room.on('participant-left', ({ participant: { name }, reason }) => left.push([name, reason]));
  const moved = heard(ann, 'moved');
  const breakouts = {
    rooms: [{ title: 'red', people: [{ id: 'cy', name: 'Cy' }] }],
    own: 0,
    main: [{ id: 'bob', name: 'Bob' }],
  };
  const there = joined({ ...ME, incarnation: 1 }, [CY], {
    breakouts,
    resumeToken: 'token of red',
    chat: [line(2, 'cy', 'red')],
  });
  await ann.tell({ event: 'moved', data: there });
  expect(left).toEqual([['Bob', 'moved']]);
  expect(ann.room.participants.map(({ id }) => id)).toEqual(['cy']);
  expect(ann.room.chat.map(({ id }) => id)).toEqual([2]);
  expect(moved).toEqual([breakouts]);
  expect(ann.room.breakouts.own).toBe(0);
  const request = await ann.rejoin(joined({ ...ME, incarnation: 1 }, [CY], { outcome: 'resumed', breakouts }));
  expect(request.resume).toEqual({ token: 'token of red', incarnation: 1 });
});

it('notices on coming back that it was sent elsewhere meanwhile', async () => {
  const ann = await alone({ chat: [line(1, 'bob', 'main')] });
  const moved = heard(ann, 'moved');
  const left: unknown[] = [];
  ann.room.on('participant-left', ({ participant: { name }, reason }) => left.push([name, reason]));
  const breakouts = { rooms: [{ title: 'red', people: [] }], own: 0, main: [{ id: 'bob', name: 'Bob' }] };
  await ann.rejoin(joined({ ...ME, incarnation: 1 }, [CY], { breakouts, chat: [line(2, 'cy', 'red')] }));
  expect(moved).toEqual([breakouts]);
  expect(left).toEqual([['Bob', 'moved']]);
  expect(ann.room.chat.map(({ id }) => id)).toEqual([2]);
});
