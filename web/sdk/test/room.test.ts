import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Join, Signal } from '../src/wire.gen';
import { Client, connect } from './fakes/client';
import { settle } from './fakes/connection';
import { must } from './fakes/must';
import { joined, line, participant, TURN } from './fakes/wire';

const ME = participant('me');
const BOB = participant('bob', { name: 'Bob', joinedAt: 1 });

async function call(): Promise<{ ann: Client; bob: Client }> {
  const bob = new Client();
  await bob.join(joined(BOB, []));
  const ann = new Client();
  await ann.join(joined(ME, [BOB]));
  await bob.tell({ event: 'participant-joined', data: ME });
  await connect(ann, bob);
  return { ann, bob };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('MediaStream', EventTarget);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('TURN', () => {
  it('gets a fresh credential when half the time of the old one is over', async () => {
    const ann = new Client();
    await ann.join(joined(ME, [BOB], { turn: { ...TURN, seconds: 600 } }));
    const turn = () => ann.peer.configuration.iceServers?.[1];
    const asked = () => ann.network.last.requests.filter(({ event }) => event === 'turn');
    expect(turn()).toMatchObject({ username: TURN.username, credential: TURN.credential });
    await vi.advanceTimersByTimeAsync(240_000);
    expect(asked()).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(120_000);
    must(asked()[0]).resolve({ ok: { username: '2:me', credential: 'd', seconds: 600 } });
    await settle();
    expect(turn()).toMatchObject({ username: '2:me', credential: 'd' });
    expect(ann.peers).toHaveLength(1);
  });
});

describe('a large room', () => {
  it('tells of its people together: who is here, who is gone, and what the chat says of it', async () => {
    const ann = new Client();
    await ann.join(joined(ME, [BOB]));
    const cyd = participant('cyd', { name: 'Cyd', joinedAt: 3 });
    const notice = (id: number, from: string) => ({ ...line(id, from, ''), body: { type: 'joined' as const } });
    const chat = [notice(5, 'me'), notice(6, 'cyd')];
    const left = [
      { id: 'bob', reason: 'left' as const },
      { id: 'nobody', reason: 'left' as const },
    ];
    await ann.tell({ event: 'roster', data: { participants: [ME, cyd], left, chat } });
    expect(ann.room.participants.map(({ name }) => name)).toEqual(['Cyd']);
    expect(ann.room.chat.map(({ from }) => from)).toEqual(['cyd']);
    expect(ann.log).toEqual(['joined Cyd', 'left Bob left']);
  });
});

describe('joining', () => {
  it("a newcomer offers at once; both see the other's four tracks", async () => {
    const { ann, bob } = await call();
    for (const client of [ann, bob]) {
      expect(client.room.participants).toHaveLength(1);
      expect(Object.keys(must(client.room.participants[0]).tracks)).toEqual([
        'mic',
        'camera',
        'screen',
        'screenAudio',
      ]);
    }
    expect(bob.log).toEqual(['connected', 'joined me'].slice(1));
    expect(ann.peer.configuration.iceServers?.[0]).toEqual({ urls: 'stun:k.example:443' });
  });

  it('the connection made ahead of time is the one that is used', async () => {
    const { ann, bob } = await call();
    expect([ann.peers.length, bob.peers.length]).toEqual([1, 1]);
    expect(ann.peer.signalingState).toBe('stable');
  });

  it('one made long ahead of time is not used: its candidates may be void', async () => {
    const bob = new Client();
    await bob.join(joined(BOB, []));
    await vi.advanceTimersByTimeAsync(60_000);
    await bob.tell({ event: 'participant-joined', data: ME });
    expect(bob.peers.map((peer) => peer.closed)).toEqual([true, false]);
  });

  it('what the server refuses rejects with its code', async () => {
    const client = new Client();
    await settle();
    client.network.last.handlers.opened();
    await client.network.last.take('join').refuse('room-full');
    await expect(client.joining).rejects.toMatchObject({ code: 'room-full' });
    expect(client.peers.every((peer) => peer.closed)).toBe(true);
  });

  it('called off, it rejects as aborted and leaves', async () => {
    const abort = new AbortController();
    const client = new Client({ signal: abort.signal });
    await settle();
    client.network.last.handlers.opened();
    abort.abort();
    await expect(client.joining).rejects.toMatchObject({ code: 'aborted' });
    expect(client.network.last.requests.map(({ event }) => event)).toEqual(['join', 'leave']);
  });

  it('called off before it began, it asks nobody', async () => {
    const client = new Client({ signal: AbortSignal.abort() });
    await expect(client.joining).rejects.toMatchObject({ code: 'aborted' });
    expect(client.network.connections).toEqual([]);
  });

  it('beside another tab of the same browser the microphone is off before anything is sent', async () => {
    const client = new Client();
    await client.media.setMic(true);
    await client.join(joined(ME, [BOB], { sameDevice: true }));
    expect(client.room.sameDevice).toBe(true);
    expect(client.media.state.mic).toBe(false);
    expect(client.peer.getTransceivers()[0]?.sender.track).toBeNull();
  });

  it("after that first time the microphone is the user's own affair", async () => {
    const client = new Client();
    await client.join(joined(ME, [BOB], { sameDevice: true }));
    await client.media.setMic(true);
    await client.rejoin(joined(ME, [BOB], { outcome: 'resumed', sameDevice: true }));
    expect(client.media.state.mic).toBe(true);
  });
});

describe('devices', () => {
  it('turning the camera on negotiates nothing, sends it, and tells the others', async () => {
    const { ann } = await call();
    const before = ann.peer.localDescription;
    await ann.media.setCamera(true);
    await settle();
    expect(ann.network.last.take('media').data).toMatchObject({ camera: true, mic: false });
    expect(ann.peer.getTransceivers()[1]?.sender.track).toBe(ann.media.tracks.camera);
    expect(ann.peer.localDescription).toBe(before);
    expect(await ann.signals()).toEqual([]);
  });

  it('a refused media state is told again: the others must not show a camera that is off', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const { ann } = await call();
    await ann.media.setCamera(true);
    await ann.network.last.take('media').refuse('rate-limited');
    await vi.advanceTimersByTimeAsync(1_100);
    expect(ann.network.last.take('media').data).toMatchObject({ camera: true });
  });

  it('what was turned on before joining is in the join and in the first offer', async () => {
    const client = new Client();
    await client.media.setMic(true);
    const request = await client.join(joined({ ...ME, media: { ...ME.media, mic: true } }, [BOB]));
    expect(request.media.mic).toBe(true);
    expect(client.peer.getTransceivers()[0]?.sender.track).toBe(client.media.tracks.mic);
    expect(client.network.last.requests.some(({ event }) => event === 'media')).toBe(false);
  });

  it('what changes while the join is under way is told right after it', async () => {
    const client = new Client();
    await settle();
    client.network.last.handlers.opened();
    await client.media.setMic(true);
    await client.network.last.take<Join>('join').ok(joined(ME, []));
    expect(client.network.last.take('media').data).toMatchObject({ mic: true });
  });
});

describe('a lost connection', () => {
  it('resumed: peer connections with unchanged incarnation are kept', async () => {
    const { ann } = await call();
    const { peer } = ann;
    const request = await ann.rejoin(joined(ME, [BOB], { outcome: 'resumed' }));
    expect(request.resume).toEqual({ token: 'token of me', incarnation: 0 });
    expect(ann.peer).toBe(peer);
    expect(peer.closed).toBe(false);
    expect(ann.log).toEqual(['reconnecting', 'connected']);
  });

  it('restored: those not back yet stay, with their media, until resumeSeconds have passed', async () => {
    const { ann } = await call();
    const { peer } = ann;
    await ann.rejoin(joined(ME, [], { outcome: 'restored' }));
    expect(ann.room.participants).toMatchObject([{ id: 'bob', connected: false }]);
    expect(peer.closed).toBe(false);
    await vi.advanceTimersByTimeAsync(31_000);
    expect(ann.room.participants).toEqual([]);
    expect(peer.closed).toBe(true);
    expect(ann.log.at(-1)).toBe('left Bob connection-lost');
  });

  it('new: everything is connected anew, under the new id', async () => {
    const { ann } = await call();
    const { peer } = ann;
    await ann.rejoin(joined(participant('me-2'), [BOB], { outcome: 'new' }));
    expect(peer.closed).toBe(true);
    expect(ann.peer).not.toBe(peer);
    expect((await ann.signals())[0]).toMatchObject({ to: 'bob', payload: { type: 'offer' } });
    expect(ann.room.id).toBe('me-2');
  });

  it('an offer that was not acknowledged is sent again after resuming, under its number', async () => {
    const ann = new Client();
    await ann.join(joined(ME, [BOB]));
    const unanswered = ann.network.last.requests.map(({ data }) => data as Signal);
    await ann.rejoin(joined(ME, [BOB], { outcome: 'resumed' }));
    const again = await ann.signals();
    expect(again.slice(0, unanswered.length)).toEqual(unanswered);
  });

  it('a message written meanwhile is sent when we are back', async () => {
    const { ann } = await call();
    await ann.network.last.lose();
    const sent = ann.room.sendChat('hello');
    await vi.advanceTimersByTimeAsync(500);
    await ann.join(joined(ME, [BOB], { outcome: 'resumed' }));
    await ann.network.last.take('chat').ok({ id: 1 });
    await expect(sent).resolves.toBeUndefined();
  });

  it('a message whose acknowledgement was lost is not sent twice', async () => {
    const { ann } = await call();
    const sent = ann.room.sendChat('hello');
    await settle();
    expect(ann.network.last.requests.map(({ event }) => event)).toContain('chat');
    await ann.rejoin(joined(ME, [BOB], { outcome: 'resumed', chat: [line(5, 'me', 'hello')] }));
    await expect(sent).resolves.toBeUndefined();
    expect(ann.network.last.requests.map(({ event }) => event)).not.toContain('chat');
  });

  it('the chat is merged, whatever the server still knows', async () => {
    const ann = new Client();
    await ann.join(joined(ME, [BOB], { chat: [line(1, 'bob', 'one')] }));
    await ann.rejoin(joined(ME, [BOB], { outcome: 'restored', chat: [line(7, 'bob', 'seven')] }));
    expect(ann.room.chat.map(({ id }) => id)).toEqual([1, 7]);
  });
});

describe('a connection on which nothing comes any more', () => {
  /** The call is up, and packets have come. */
  async function talk() {
    const { ann, bob } = await call();
    ann.peer.become('connected');
    ann.peer.bytesReceived = 1_000;
    await vi.advanceTimersByTimeAsync(200);
    return { ann, bob };
  }

  it('is restarted, then replaced, and the server is asked whether it can be reached', async () => {
    const { ann } = await talk();
    const { peer } = ann;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ann.network.last.take('media').data).toMatchObject({ mic: false });
    await vi.advanceTimersByTimeAsync(300);
    expect([peer.restarts, peer.closed]).toEqual([1, false]);
    await vi.advanceTimersByTimeAsync(700);
    expect(peer.closed).toBe(true);
    expect(ann.peer).not.toBe(peer);
    expect((await ann.signals()).at(-2)).toMatchObject({ payload: { type: 'offer' } });
  });

  it('is left alone while packets come', async () => {
    const { ann } = await talk();
    for (let look = 0; look < 50; look++) {
      ann.peer.bytesReceived += look % 3;
      await vi.advanceTimersByTimeAsync(200);
    }
    expect([ann.peer.restarts, ann.peers.length]).toEqual([0, 1]);
  });

  it('of one who has come back by another way to the server: the offer that is lost with the old one is sent again', async () => {
    const { ann } = await talk();
    await vi.advanceTimersByTimeAsync(1_300);
    ann.network.last.take('media');
    const offer = (await ann.signals()).find(({ payload }) => payload.type === 'offer');
    expect(offer).toBeDefined();
    // To the server Bob was never away.
    await ann.tell({ event: 'participant-updated', data: BOB });
    expect((await ann.signals())[0]?.payload).toEqual(offer?.payload);
  });
});

describe('signals', () => {
  it('one that comes twice counts once', async () => {
    const bob = new Client();
    await bob.join(joined(BOB, []));
    await bob.tell({ event: 'participant-joined', data: ME });
    const offer = { from: 'me', incarnation: 0, seq: 1, payload: { type: 'restart' as const } };
    await bob.tell({ event: 'signal', data: offer });
    const first = (await bob.signals()).length;
    await bob.tell({ event: 'signal', data: offer });
    expect(first).toBeGreaterThan(0);
    expect(await bob.signals()).toEqual([]);
  });

  it('a reloaded participant gets a fresh connection, and its old signals go nowhere', async () => {
    const { ann } = await call();
    const { peer } = ann;
    await ann.tell({ event: 'participant-updated', data: { ...BOB, incarnation: 1 } });
    expect(peer.closed).toBe(true);
    expect(ann.log).toEqual([]);
    await ann.tell({
      event: 'signal',
      data: { from: 'bob', incarnation: 0, seq: 99, payload: { type: 'restart' } },
    });
    expect(await ann.signals()).toEqual([]);
  });
});

describe('data', () => {
  it('waits for the channel, and goes only to those it is for', async () => {
    const { ann } = await call();
    const [channel] = ann.peer.channels;
    ann.room.sendData('hi', { topic: 't' });
    expect(channel?.sent).toEqual([]);
    channel?.open();
    expect(channel?.sent).toHaveLength(1);
    expect(() => ann.room.sendData('hi', { to: ['nobody'] })).toThrow(
      expect.objectContaining({ code: 'no-such-participant' }),
    );
  });

  it('each kind of delivery has one channel of its own', async () => {
    const { ann } = await call();
    for (let i = 0; i < 3; i++) ann.room.sendData('x', { ordered: false, maxRetransmits: 0 });
    ann.room.sendData('x', { maxRetransmits: 2 });
    expect(ann.peer.channels.map(({ options }) => options)).toEqual([
      { ordered: true, negotiated: true, id: 0 },
      { ordered: false, maxRetransmits: 0 },
      { ordered: true, maxRetransmits: 2 },
    ]);
  });

  it('more than the connection carries is refused, not piled up', async () => {
    const { ann } = await call();
    const piece = new Uint8Array(60_000);
    const pour = () => {
      for (let i = 0; i < 100; i++) ann.room.sendData(piece);
    };
    expect(pour).toThrow(expect.objectContaining({ code: 'rate-limited' }));
    expect(ann.peer.channels[0]?.sent).toEqual([]);
  });
});

describe('the end', () => {
  it('leaving closes all connections and keeps the devices of the caller', async () => {
    const { ann } = await call();
    await ann.media.setMic(true);
    const left = ann.room.leave();
    await settle();
    ann.network.last.close();
    await left;
    expect(ann.room.signaling).toEqual({ state: 'closed', reason: 'left' });
    expect(ann.peers.every((peer) => peer.closed)).toBe(true);
    expect(ann.media.state.mic).toBe(true);
    await expect(ann.room.sendChat('x')).rejects.toMatchObject({ code: 'not-joined' });
    expect(() => ann.room.sendData('x')).toThrow(expect.objectContaining({ code: 'not-joined' }));
  });

  it('replaced: closed, and nothing goes on', async () => {
    const ann = new Client();
    await ann.join(joined(ME, [BOB]));
    await ann.tell({ event: 'replaced', data: {} });
    expect(ann.room.signaling).toEqual({ state: 'closed', reason: 'replaced' });
    expect(ann.peer.closed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('the list of participants keeps its identity while nothing changes', async () => {
  const { ann } = await call();
  const before = ann.room.participants;
  expect(ann.room.participants).toBe(before);
  let announced = 0;
  ann.room.on('participants', () => announced++);
  await ann.tell({ event: 'participant-updated', data: { ...BOB, media: { ...BOB.media, mic: true } } });
  expect(announced).toBe(1);
  expect(ann.room.participants).not.toBe(before);
  expect(ann.room.participants[0]?.media.mic).toBe(true);
});
