import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Backoff } from '../src/backoff';
import { Signaling } from '../src/signaling';
import type { SignalingState } from '../src/types';
import type { Join, Joined } from '../src/wire.gen';
import { FakeNetwork, settle } from './fakes/connection';
import { joined, participant, SILENT } from './fakes/wire';

const ANN = participant('ann', { incarnation: 4 });

function begin(resume?: { token: string }) {
  const network = new FakeNetwork();
  const states: SignalingState[] = [];
  const joins: Joined[] = [];
  const events: string[] = [];
  const signaling = new Signaling({
    serverUrl: 'https://k.example/',
    join: () => ({ room: 'r', name: 'Ann', media: SILENT }),
    resume,
    connect: network.connect,
    backoff: new Backoff(() => 0),
  });
  signaling.on('state', (state) => states.push(state));
  signaling.on('joined', (answer) => joins.push(answer));
  signaling.on('event', (event) => events.push(event.event));
  signaling.start();
  const join = async (answer = joined(ANN, [])) => {
    network.last.handlers.opened();
    const request = network.last.take<Join>('join');
    await request.ok(answer);
    return request.data;
  };
  const refuse = async (code: string) => {
    network.last.handlers.opened();
    await network.last.take('join').refuse(code);
  };
  return { network, signaling, states, joins, events, join, refuse };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('joining', () => {
  it('the first join has no resume; every later one has the last token and incarnation', async () => {
    const { network, join } = begin();
    expect(await join()).not.toHaveProperty('resume');
    await network.last.lose();
    await vi.advanceTimersByTimeAsync(150);
    expect(await join(joined(ANN, [], { resumeToken: 'second' }))).toMatchObject({
      resume: { token: 'token of ann', incarnation: 4 },
    });
    await network.last.lose();
    await vi.advanceTimersByTimeAsync(1000);
    expect((await join()).resume).toEqual({ token: 'second', incarnation: 4 });
  });

  it('after a reload of the page the token goes without an incarnation', async () => {
    const { join } = begin({ token: 'kept' });
    expect((await join()).resume).toEqual({ token: 'kept' });
  });

  it('a room whose media goes through the server is to go on that way', async () => {
    const { network, join } = begin();
    await join();
    network.last.handlers.event('topology', { mode: 'routed' });
    await network.last.lose();
    await vi.advanceTimersByTimeAsync(150);
    expect((await join(joined(ANN, [], { topology: 'direct' }))).resume).toMatchObject({ routed: true });
    await network.last.lose();
    await vi.advanceTimersByTimeAsync(1000);
    expect((await join()).resume).not.toHaveProperty('routed');
  });

  it('after the page was frozen it joins as after a reload', async () => {
    const { network, signaling, join } = begin();
    await join();
    signaling.startAnew();
    expect(network.connections[0]?.closed).toBe(true);
    expect((await join()).resume).toEqual({ token: 'token of ann' });
  });

  it('events that come before the answer are told after it', async () => {
    const { network, events, signaling } = begin();
    const order: string[] = [];
    signaling.on('joined', () => order.push('joined'));
    signaling.on('event', (event) => order.push(event.event));
    network.last.handlers.opened();
    network.last.handlers.event('chat', {});
    expect(events).toEqual([]);
    await network.last.take('join').ok(joined(ANN, []));
    expect(order).toEqual(['joined', 'chat']);
  });

  it.each(['version-mismatch', 'room-full', 'room-not-open', 'invalid-room-name'])(
    '%s ends it, with the error',
    async (code) => {
      const { network, states, refuse } = begin();
      await refuse(code);
      expect(states).toEqual([expect.objectContaining({ state: 'closed', reason: 'refused' })]);
      expect(states[0]).toMatchObject({ error: { code } });
      await vi.advanceTimersByTimeAsync(60_000);
      expect(network.connections).toHaveLength(1);
    },
  );

  it.each(['shutting-down', 'rate-limited'])('%s is tried again', async (code) => {
    const { network, joins, join, refuse } = begin();
    await refuse(code);
    await vi.advanceTimersByTimeAsync(150);
    expect(network.connections).toHaveLength(2);
    await join();
    expect(joins).toHaveLength(1);
  });

  it('a server that is not there at first is given up after some tries', async () => {
    const { network, states } = begin();
    for (let i = 0; i < 4; i++) {
      await network.last.lose();
      await vi.advanceTimersByTimeAsync(3_000);
    }
    expect(network.connections).toHaveLength(4);
    expect(states).toMatchObject([
      { state: 'closed', reason: 'refused', error: { code: 'server-unreachable' } },
    ]);
  });
});

describe('after a loss', () => {
  it('it tries at once, then less and less often, and never gives up', async () => {
    const { network, states, join } = begin();
    await join();
    await vi.advanceTimersByTimeAsync(6_000);
    const waits: number[] = [];
    for (let i = 0; i < 30; i++) {
      await network.last.lose();
      const state = states.at(-1);
      if (state?.state !== 'reconnecting') throw new Error('not reconnecting');
      waits.push(state.retryAt - Date.now());
      await vi.advanceTimersByTimeAsync(state.retryAt - Date.now());
    }
    expect(waits[0]).toBe(100);
    expect(waits.at(-1)).toBeGreaterThan(6_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(10_000);
    await join();
    expect(states.at(-1)).toEqual({ state: 'connected', transport: 'polling' });
  });

  it('a connection that breaks at once each time does not count as a fresh loss', async () => {
    const { network, states, join } = begin();
    for (let i = 0; i < 5; i++) {
      await join();
      await network.last.lose();
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(states.filter((s) => s.state === 'reconnecting').at(-1)).toMatchObject({ attempt: 5 });
  });

  it('reconnectNow does not wait for the countdown, and a second one changes nothing', async () => {
    const { network, signaling, join } = begin();
    await join();
    await network.last.lose();
    signaling.reconnectNow();
    signaling.reconnectNow();
    expect(network.connections).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(network.connections).toHaveLength(2);
  });

  it('an old connection has no say any more', async () => {
    const { network, states, join } = begin();
    await join();
    const [old] = network.connections;
    await network.last.lose();
    await vi.advanceTimersByTimeAsync(150);
    await join();
    old?.handlers.event('replaced', {});
    old?.handlers.lost('late');
    expect(states.at(-1)).toMatchObject({ state: 'connected' });
  });

  it('requests fail as lost, so that the caller knows that nothing is known', async () => {
    const { network, signaling, join } = begin();
    await join();
    const request = signaling.request('chat', { text: 'hi' });
    const lost = expect(request).rejects.toMatchObject({ name: 'ConnectionLost' });
    await network.last.lose();
    await lost;
    await expect(signaling.request('chat', { text: 'hi' })).rejects.toMatchObject({ name: 'ConnectionLost' });
  });

  it('a server that says we have not joined is joined again', async () => {
    const { network, signaling, join, states } = begin();
    await join();
    const request = expect(signaling.request('media', SILENT)).rejects.toMatchObject({
      name: 'ConnectionLost',
    });
    await network.last.take('media').refuse('not-joined');
    await request;
    expect(states.at(-1)).toMatchObject({ state: 'reconnecting' });
  });
});

describe('the end', () => {
  it('replaced: stops and does not come back', async () => {
    const { network, states, join } = begin();
    await join();
    network.last.handlers.event('replaced', {});
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states.at(-1)).toEqual({ state: 'closed', reason: 'replaced' });
    expect(network.connections).toHaveLength(1);
    expect(network.last.closed).toBe(true);
  });

  it('server-closing: comes back after the time it names', async () => {
    const { network, states, join } = begin();
    await join();
    network.last.handlers.event('server-closing', { retryAfterMs: 2_000 });
    expect(states.at(-1)).toMatchObject({ state: 'reconnecting', serverClosing: true });
    await vi.advanceTimersByTimeAsync(1_990);
    expect(network.connections).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(400);
    expect(network.connections).toHaveLength(2);
    await network.last.lose();
    expect(states.at(-1)).toMatchObject({ serverClosing: true });
    await vi.advanceTimersByTimeAsync(1_000);
    await join();
    await network.last.lose();
    expect(states.at(-1)).toMatchObject({ serverClosing: false });
  });

  it('leave tells the server and closes, whatever the server says', async () => {
    const { network, signaling, states, join } = begin();
    await join();
    const left = signaling.leave();
    expect(states.at(-1)).toEqual({ state: 'closed', reason: 'left' });
    await network.last.take('leave').refuse('not-joined');
    await left;
    expect(network.last.closed).toBe(true);
  });

  it('leaving while reconnecting ends the tries', async () => {
    const { network, signaling, join } = begin();
    await join();
    await network.last.lose();
    await signaling.leave();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(network.connections).toHaveLength(1);
  });
});

it('a page that goes away says so, once joined', async () => {
  const { network, signaling, join } = begin();
  signaling.away();
  expect(network.last.lastWords).toEqual([]);
  await join();
  signaling.away();
  await settle();
  expect(network.last.lastWords).toEqual(['away']);
});
