import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TrackSource } from '../src/types';
import type { MediaOffer, Event, Participant, Slot, Source, View } from '../src/wire.gen';
import { NO_SETTINGS } from '../src/permissions';
import { Client, connect } from './fakes/client';
import { settle } from './fakes/connection';
import { must } from './fakes/must';
import type { FakePeerConnection } from './fakes/peer-connection';
import { joined, participant, SILENT } from './fakes/wire';

const ME = participant('me', { joinedAt: 1 });
const ON = { ...SILENT, mic: true, camera: true };
const BOB = participant('bob', { name: 'Bob', joinedAt: 2, media: ON });
const CY = participant('cy', { name: 'Cy', joinedAt: 3, media: ON });
const answerOf = (address: string, port: number): string =>
  `v=0\r\no=- 7 1 IN IP4 0\r\na=setup:passive\r\na=candidate:1 1 udp 2130706431 ${address} ${String(port)} typ host\r\n`;
const ANSWER = answerOf('203.0.113.1', 8443);

const slot = (mid: string, who: Participant, source: Source, paused = false): Slot => ({
  mid,
  participant: who.id,
  source,
  paused,
});
const slots = (...all: Slot[]): Event => ({ event: 'slots', data: { slots: all } });

/** The requests of one kind that wait for an answer; the others stay. */
function take<T>(client: Client, event: string): { data: T; answer: (answer: unknown) => Promise<void> }[] {
  const { requests } = client.network.last;
  const found = requests.filter((request) => request.event === event);
  for (const request of found) requests.splice(requests.indexOf(request), 1);
  return found.map(({ data, resolve }) => ({
    data: data as T,
    answer: async (answer) => {
      resolve(answer);
      await settle();
    },
  }));
}

/** The server answers the offer that waits, and the connection comes up. */
async function up(client: Client): Promise<MediaOffer> {
  const [request, ...more] = take<MediaOffer>(client, 'media-offer');
  expect(more).toEqual([]);
  await must(request).answer({ ok: { sdp: ANSWER } });
  client.peer.become('connected');
  for (const { answer } of take<View>(client, 'view')) await answer({ ok: {} });
  return must(request).data;
}

/** Somebody in a room of three. */
async function routed(): Promise<Client> {
  const client = new Client();
  await client.join(joined(ME, [BOB, CY], { topology: 'routed' }));
  await up(client);
  return client;
}

/** Media flows on this connection, or does not. */
function flow(peer: FakePeerConnection, media: Partial<Record<string, boolean>> = {}): () => void {
  const timer = setInterval(() => {
    peer.bytesReceived += 100;
    for (const { mid, receiver } of peer.getTransceivers()) if (mid && media[mid]) receiver.received++;
  }, 50);
  return () => clearInterval(timer);
}

const trackOf = (client: Client, id: string, source: TrackSource) =>
  client.room.participants.find((other) => other.id === id)?.tracks[source] as { of: string } | undefined;
const transceiver = (peer: FakePeerConnection, mid: string) =>
  must(peer.getTransceivers().find((one) => one.mid === mid));

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('MediaStream', EventTarget);
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('a routed room', () => {
  it('takes one connection, to the server, whose offer has the agreed lines', async () => {
    const ann = await routed();
    expect(ann.peers).toHaveLength(1);
    const lines = ann.peer.getTransceivers().map(({ kind, direction }) => `${kind} ${direction}`);
    expect(lines.slice(0, 4)).toEqual(['audio', 'video', 'video', 'audio'].map((kind) => `${kind} sendonly`));
    expect(lines.slice(4, 16)).toEqual(Array(12).fill('video recvonly'));
    expect(lines.slice(16)).toEqual(Array(4).fill('audio recvonly'));
    const encodings = transceiver(ann.peer, '1').sender.parameters.encodings;
    expect(encodings.map(({ rid, scaleResolutionDownBy }) => [rid, scaleResolutionDownBy])).toEqual([
      ['q', 4],
      ['h', 2],
      ['f', 1],
    ]);
    expect(ann.peer.channels.map(({ options }) => options)).toEqual([
      { negotiated: true, id: 0 },
      { negotiated: true, id: 2, ordered: false, maxRetransmits: 0 },
    ]);
  });

  it('has a track of whoever has a slot, and none of the others', async () => {
    const ann = await routed();
    expect(trackOf(ann, 'bob', 'camera')).toBeUndefined();
    await ann.tell(slots(slot('4', BOB, 'camera'), slot('16', BOB, 'microphone')));
    expect(trackOf(ann, 'bob', 'camera')).toBe(transceiver(ann.peer, '4').receiver.track);
    expect(trackOf(ann, 'bob', 'mic')).toBe(transceiver(ann.peer, '16').receiver.track);
    expect(trackOf(ann, 'cy', 'camera')).toBeUndefined();
    await ann.tell(slots(slot('4', CY, 'camera', true)));
    expect(trackOf(ann, 'bob', 'camera')).toBeUndefined();
    expect(trackOf(ann, 'cy', 'camera')).toBe(transceiver(ann.peer, '4').receiver.track);
    expect(ann.room.participants.map(({ videoPaused }) => videoPaused)).toEqual([
      {},
      { camera: 'bandwidth' },
    ]);
    expect(ann.room.participants.map(({ path }) => path)).toEqual(['server', 'server']);
  });

  it('tells the server to send everything, until the application says what it shows', async () => {
    const client = new Client();
    await client.join(joined(ME, [BOB, CY], { topology: 'routed' }));
    const [request] = take<MediaOffer>(client, 'media-offer');
    expect(take(client, 'view')).toEqual([]);
    await must(request).answer({ ok: { sdp: ANSWER } });
    const want = { source: 'camera', height: 360, preferred: false } as const;
    const [view] = take<View>(client, 'view');
    expect(must(view).data).toEqual({
      receive: 'everything',
      wants: [
        { ...want, participant: 'bob' },
        { ...want, participant: 'cy' },
      ],
    });
    const own: View = {
      receive: 'low',
      wants: [{ ...want, participant: 'cy', height: 720, preferred: true }],
    };
    client.room.setView(own);
    await client.tell({ event: 'participant-updated', data: { ...BOB, media: SILENT } });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(take<View>(client, 'view').map(({ data }) => data)).toEqual([own]);
  });

  it('asks for more slots by an offer of the same connection when more is shown than fits', async () => {
    const ann = await routed();
    const wants = (count: number): View => ({
      receive: 'everything',
      wants: Array.from({ length: count }, (_, i) => ({
        participant: `p${i}`,
        source: 'camera',
        height: 90,
        preferred: false,
      })),
    });
    ann.room.setView(wants(13));
    ann.room.setView(wants(100));
    await settle();
    const [first] = take<MediaOffer>(ann, 'media-offer');
    await must(first).answer({ ok: { sdp: ANSWER } });
    // What came while an answer was awaited is offered after it.
    const [second] = take<MediaOffer>(ann, 'media-offer');
    await must(second).answer({ ok: { sdp: ANSWER } });
    expect(must(second).data.connection).toBe(must(first).data.connection);
    const videos = ann.peer
      .getTransceivers()
      .filter(({ kind, direction }) => kind === 'video' && direction === 'recvonly');
    expect(videos).toHaveLength(49);
    expect(take<MediaOffer>(ann, 'media-offer')).toEqual([]);
    ann.room.setView(wants(3));
    await settle();
    expect(take<MediaOffer>(ann, 'media-offer')).toEqual([]);
  });

  it('pauses the layers nobody watches', async () => {
    const ann = await routed();
    await ann.tell({ event: 'layers', data: { source: 'camera', active: [true, false, false] } });
    await ann.tell({ event: 'layers', data: { source: 'screen', active: [false, false, false] } });
    const active = (mid: string) =>
      transceiver(ann.peer, mid).sender.parameters.encodings.map((encoding) => encoding.active);
    expect(active('1')).toEqual([true, false, false]);
    expect(active('2')).toEqual([false, false]);
  });

  it('shows as speaking who is heard', async () => {
    const ann = await routed();
    flow(ann.peer, { 16: true });
    await ann.tell(slots(slot('16', BOB, 'microphone')));
    const speaking = () => ann.room.participants.map((other) => other.speaking);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(speaking()).toEqual([false, false]);
    transceiver(ann.peer, '16').receiver.audioLevel = 0.3;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(speaking()).toEqual([true, false]);
    transceiver(ann.peer, '16').receiver.audioLevel = 0;
    await vi.advanceTimersByTimeAsync(1_500);
    expect(speaking()).toEqual([false, false]);
  });

  it('shows as speaking whom the server hears, where we get none of their sound', async () => {
    const ann = await routed();
    await ann.tell(slots(slot('16', BOB, 'microphone')));
    await ann.tell({ event: 'speakers', data: { participants: ['bob', 'cy'] } });
    await vi.advanceTimersByTimeAsync(200);
    expect(ann.room.participants.map(({ speaking }) => speaking)).toEqual([false, true]);
    await ann.tell({ event: 'speakers', data: { participants: [] } });
    await vi.advanceTimersByTimeAsync(200);
    expect(ann.room.participants.map(({ speaking }) => speaking)).toEqual([false, false]);
  });
});

describe('the connection to the server', () => {
  it('is restarted after a second of silence, and replaced if that does not help', async () => {
    const ann = await routed();
    const first = ann.peer;
    const stop = flow(first);
    await vi.advanceTimersByTimeAsync(1_000);
    stop();
    await vi.advanceTimersByTimeAsync(1_600);
    expect(first.restarts).toBe(1);
    const [restart] = take<MediaOffer>(ann, 'media-offer');
    await must(restart).answer({ ok: { sdp: ANSWER } });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(first.closed).toBe(true);
    expect(ann.peers).toHaveLength(2);
    const renewed = await up(ann);
    expect(renewed.connection).toBeGreaterThan(must(restart).data.connection);
    expect(ann.room.participants[0]?.path).toBe('server');
  });

  it('stays the same when the restart helps', async () => {
    const ann = await routed();
    const stop = flow(ann.peer);
    await vi.advanceTimersByTimeAsync(1_000);
    stop();
    await vi.advanceTimersByTimeAsync(1_400);
    await must(take<MediaOffer>(ann, 'media-offer')[0]).answer({ ok: { sdp: ANSWER } });
    flow(ann.peer);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ann.peers).toHaveLength(1);
  });

  it('is made anew when the server has lost its end, with empty slots', async () => {
    const ann = await routed();
    await ann.tell(slots(slot('4', BOB, 'camera')));
    await ann.tell({ event: 'media-restart', data: {} });
    expect(trackOf(ann, 'bob', 'camera')).toBeUndefined();
    await up(ann);
    await ann.tell(slots(slot('4', BOB, 'camera')));
    expect(ann.peers).toHaveLength(2);
    expect(trackOf(ann, 'bob', 'camera')).toBe(transceiver(ann.peer, '4').receiver.track);
  });

  it('is tried again when the offer was refused or lost', async () => {
    const ann = new Client();
    await ann.join(joined(ME, [BOB, CY], { topology: 'routed' }));
    await must(take<MediaOffer>(ann, 'media-offer')[0]).answer({
      error: { code: 'offer-refused', message: 'no' },
    });
    await vi.advanceTimersByTimeAsync(400);
    expect(ann.peers).toHaveLength(2);
    await ann.rejoin(joined(ME, [BOB, CY], { topology: 'routed', outcome: 'resumed' }));
    expect(ann.peers).toHaveLength(3);
    await up(ann);
    expect(ann.room.participants[0]?.path).toBe('server');
  });

  it('does without STUN and TURN over UDP, unless nothing else gets to the server by UDP', async () => {
    const servers = (peer: FakePeerConnection) =>
      (peer.configuration.iceServers ?? []).flatMap(({ urls }) => urls);
    const udp = ['stun:k.example:443', 'turn:k.example:443?transport=udp'];
    const tcp = ['turn:k.example:443?transport=tcp', 'turns:k.example:443?transport=tcp'];
    const ann = await routed();
    expect(servers(ann.peer)).toEqual(tcp);
    await ann.tell({ event: 'media-restart', data: {} });
    await must(take<MediaOffer>(ann, 'media-offer')[0]).answer({ ok: { sdp: answerOf('192.168.1.5', 443) } });
    expect(servers(ann.peer)).toEqual([...udp, ...tcp]);
    expect(ann.peer.restarts).toBe(1);
    await up(ann);
    await ann.tell({ event: 'media-restart', data: {} });
    expect(servers(ann.peer)).toEqual([...udp, ...tcp]);
    await up(ann);
    expect(ann.peers).toHaveLength(3);
  });

  it('gets more time at each attempt, if it does not come up', async () => {
    const ann = new Client();
    await ann.join(joined(ME, [BOB, CY], { topology: 'routed' }));
    const made = [performance.now()];
    for (let i = 0; i < 1_000; i++) {
      const [request] = take<MediaOffer>(ann, 'media-offer');
      await request?.answer({ ok: { sdp: ANSWER } });
      await vi.advanceTimersByTimeAsync(100);
      if (ann.peers.length > made.length) made.push(performance.now());
    }
    const times = made.slice(1).map((at, index) => Math.round((at - (made[index] ?? 0)) / 1000));
    expect(times.slice(0, 3)).toEqual([10, 13, 25]);
    expect(ann.room.participants[0]?.path).toBe('failed');
  });

  it('is made anew as soon as signaling is back, when that took an offer with it', async () => {
    const ann = new Client();
    await ann.join(joined(ME, [BOB, CY], { topology: 'routed' }));
    await ann.network.last.lose();
    await vi.advanceTimersByTimeAsync(400);
    expect(ann.peers).toHaveLength(1);
    await ann.join(joined(ME, [BOB, CY], { topology: 'routed', outcome: 'resumed' }));
    expect(ann.peers).toHaveLength(2);
    await up(ann);
  });

  it('outlives a loss of signaling, after which the server is told again what is shown', async () => {
    const ann = await routed();
    await ann.tell(slots(slot('4', BOB, 'camera')));
    await ann.rejoin(joined(ME, [BOB, CY], { topology: 'routed', outcome: 'resumed' }));
    expect(ann.peers).toHaveLength(1);
    expect(take<View>(ann, 'view')).toHaveLength(1);
    expect(trackOf(ann, 'bob', 'camera')).toBe(transceiver(ann.peer, '4').receiver.track);
  });

  it('is made anew after a restart of the server', async () => {
    const ann = await routed();
    await ann.rejoin(joined(ME, [BOB, CY], { topology: 'routed', outcome: 'restored' }));
    expect(ann.peers).toHaveLength(2);
    await up(ann);
  });
});

/** A direct call in which pictures and sound flow, whose connections are `ann.peers[0]` and `bob.peers[0]`. */
async function call(): Promise<{ ann: Client; bob: Client }> {
  const bob = new Client();
  await bob.join(joined({ ...BOB, media: SILENT }, []));
  const ann = new Client();
  await ann.join(joined(ME, [BOB]));
  await bob.tell({ event: 'participant-joined', data: { ...ME, media: ON } });
  await connect(ann, bob);
  for (const { peer } of [ann, bob]) {
    peer.become('connected');
    flow(peer, { 0: true, 1: true });
  }
  await vi.advanceTimersByTimeAsync(500);
  return { ann, bob };
}

describe('a third one comes', () => {
  it('each track is shown directly until it comes steadily by way of the server', async () => {
    const { ann } = await call();
    const [direct] = ann.peers;
    await ann.tell({ event: 'topology', data: { mode: 'routed' } });
    await ann.tell({ event: 'participant-joined', data: CY });
    expect(ann.peers).toHaveLength(2);
    await up(ann);
    await ann.tell(slots(slot('4', BOB, 'camera'), slot('16', BOB, 'microphone'), slot('5', CY, 'camera')));
    const from = (source: TrackSource) => trackOf(ann, 'bob', source)?.of;
    const [before, after] = [1, 2].map((n) => must(ann.peers[n - 1]).getTransceivers()[0]?.receiver.track.of);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([from('mic'), from('camera')]).toEqual([before, before]);
    expect(ann.room.participants[0]?.path).toBe('direct');
    expect(trackOf(ann, 'cy', 'camera')?.of).toBe(after);
    transceiver(ann.peer, '16').receiver.received = 1;
    const stop = flow(ann.peer);
    await vi.advanceTimersByTimeAsync(1_400);
    expect([from('mic'), from('camera')]).toEqual([after, before]);
    transceiver(ann.peer, '4').receiver.received = 1;
    await vi.advanceTimersByTimeAsync(1_400);
    expect([from('mic'), from('camera')]).toEqual([after, after]);
    expect(ann.room.participants[0]?.path).toBe('server');
    // The other side may need a moment longer.
    expect(must(direct).closed).toBe(false);
    await vi.advanceTimersByTimeAsync(4_500);
    expect(must(direct).closed).toBe(true);
    expect([from('mic'), from('camera')]).toEqual([after, after]);
    stop();
  });

  it('what came in a slot for somebody else does not count', async () => {
    const { ann } = await call();
    await ann.tell({ event: 'topology', data: { mode: 'routed' } });
    await up(ann);
    const stop = flow(ann.peer, { 4: true });
    await ann.tell(slots(slot('4', CY, 'camera')));
    await vi.advanceTimersByTimeAsync(500);
    stop();
    flow(ann.peer);
    await vi.advanceTimersByTimeAsync(200);
    await ann.tell(slots(slot('4', BOB, 'camera')));
    await vi.advanceTimersByTimeAsync(500);
    const [direct, server] = ann.peers.map((peer) => peer.getTransceivers()[0]?.receiver.track.of);
    expect(trackOf(ann, 'bob', 'camera')?.of).toBe(direct);
    transceiver(ann.peer, '4').receiver.received++;
    await vi.advanceTimersByTimeAsync(1_500);
    expect(trackOf(ann, 'bob', 'camera')?.of).toBe(server);
  });

  it('the direct connection stays as long as the server cannot be reached', async () => {
    const { ann } = await call();
    await ann.tell({ event: 'topology', data: { mode: 'routed' } });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(must(ann.peers[0]).closed).toBe(false);
    expect(ann.room.participants[0]?.path).toBe('direct');
  });
});

describe('two are left', () => {
  async function backToDirect(): Promise<{
    ann: Client;
    server: FakePeerConnection;
    direct: FakePeerConnection;
  }> {
    const ann = await routed();
    const server = ann.peer;
    flow(server, { 4: true, 16: true });
    await ann.tell(slots(slot('4', BOB, 'camera'), slot('16', BOB, 'microphone')));
    await vi.advanceTimersByTimeAsync(500);
    await ann.tell({ event: 'participant-left', data: { id: 'cy', reason: 'left' } });
    await ann.tell({ event: 'topology', data: { mode: 'direct' } });
    // `bob` comes before `me`: the offer is his to make.
    const bob = new Client();
    await bob.join(joined({ ...BOB, media: SILENT }, [ME]));
    await connect(ann, bob);
    return { ann, server, direct: ann.peer };
  }

  it('pictures and sound go through the server until they come directly', async () => {
    const { ann, server, direct } = await backToDirect();
    expect(direct).not.toBe(server);
    const from = () => trackOf(ann, 'bob', 'camera')?.of;
    expect(from()).toBe(transceiver(server, '4').receiver.track.of);
    direct.become('connected');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(from()).toBe(transceiver(server, '4').receiver.track.of);
    expect(ann.room.participants[0]?.path).toBe('server');
    flow(direct, { 0: true, 1: true });
    await vi.advanceTimersByTimeAsync(1_500);
    expect(from()).toBe(transceiver(direct, '1').receiver.track.of);
    expect(ann.room.participants[0]?.path).toBe('direct');
    expect(server.closed).toBe(false);
    expect(take(ann, 'media-close')).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(4_500);
    expect(server.closed).toBe(true);
    expect(take(ann, 'media-close')).toHaveLength(1);
    expect(take(ann, 'route')).toHaveLength(0);
  });

  it('who cannot be reached directly is reached by way of the server', async () => {
    const { ann, server } = await backToDirect();
    await vi.advanceTimersByTimeAsync(4_500);
    expect(take(ann, 'route')).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1_000);
    const [route] = take(ann, 'route');
    await must(route).answer({ ok: {} });
    await ann.tell({ event: 'topology', data: { mode: 'routed' } });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(server.closed).toBe(false);
    expect(ann.room.participants[0]?.path).toBe('server');
  });
});

describe('somebody whose connection is lost', () => {
  const LOST = { ...BOB, connected: false };
  const away = (client: Client) => client.room.participants.map((other) => other.away);

  it('is away when nothing comes from them for ten seconds, and at once not any more when they are back', async () => {
    const ann = await routed();
    await ann.tell(slots(slot('4', BOB, 'camera'), slot('5', CY, 'camera')));
    const stop = flow(ann.peer, { 4: true, 5: true });
    await ann.tell({ event: 'participant-updated', data: LOST });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(away(ann)).toEqual([false, false]);
    stop();
    flow(ann.peer, { 5: true });
    await vi.advanceTimersByTimeAsync(9_000);
    expect(away(ann)).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(away(ann)).toEqual([true, false]);
    await ann.tell({ event: 'participant-updated', data: BOB });
    expect(away(ann)).toEqual([false, false]);
  });

  it('is not away in a direct call that goes on', async () => {
    const { ann } = await call();
    await ann.tell({ event: 'participant-updated', data: LOST });
    await vi.advanceTimersByTimeAsync(29_000);
    expect(away(ann)).toEqual([false]);
  });
});

describe('audio only', () => {
  it('keeps pictures from coming in a direct call too', async () => {
    const { ann } = await call();
    const directions = () => ann.peer.getTransceivers().map(({ direction }) => direction);
    expect(directions()).toEqual(Array(4).fill('sendrecv'));
    ann.room.setView({ receive: 'audio-only', wants: [] });
    expect(directions()).toEqual(['sendrecv', 'sendonly', 'sendonly', 'sendrecv']);
    ann.room.setView({ receive: 'low', wants: [] });
    expect(directions()).toEqual(Array(4).fill('sendrecv'));
  });
});

describe('a call that does not connect', () => {
  it('is routed after five seconds, in which both could have been heard', async () => {
    const ann = new Client();
    await ann.join(joined(ME, [{ ...BOB, connected: false }]));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(take(ann, 'route')).toHaveLength(0);
    await ann.tell({ event: 'participant-updated', data: BOB });
    await vi.advanceTimersByTimeAsync(4_500);
    expect(take(ann, 'route')).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(take(ann, 'route')).toHaveLength(1);
  });

  it('but had been connected gets longer', async () => {
    const { ann } = await call();
    must(ann.peers[0]).become('failed');
    await vi.advanceTimersByTimeAsync(9_000);
    expect(take(ann, 'route')).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(take(ann, 'route')).toHaveLength(1);
  });
});

describe('data messages', () => {
  const open = (peer: FakePeerConnection) => peer.channels.forEach((channel) => channel.open());
  const channel = (client: Client, id: number) =>
    must(client.peer.channels.find(({ options }) => options.id === id));

  it('go to the server in an envelope, and are read out of one', async () => {
    const ann = await routed();
    open(ann.peer);
    const got: string[] = [];
    ann.room.on('data', ({ from, topic, payload }) => got.push(`${from} ${topic} ${payload.join()}`));
    const [reliable, fleeting] = [channel(ann, 0), channel(ann, 2)];
    reliable.sent.length = 0;
    reliable.receive(new Uint8Array([2, 1, 3, 98, 111, 98, 1, 1, 116, 9]));
    expect(got).toEqual(['bob t 9']);
    ann.room.sendData(new Uint8Array([5]), { topic: 't', to: ['bob'] });
    expect(reliable.sent).toEqual([new Uint8Array([2, 1, 3, 98, 111, 98, 1, 1, 116, 5])]);
    ann.room.sendData(new Uint8Array([6]), { ordered: false, maxRetransmits: 3 });
    expect(fleeting.sent.at(-1)).toEqual(new Uint8Array([2, 0, 1, 0, 6]));
  });

  it('are not for those who only send media', async () => {
    const ann = new Client();
    await ann.join(joined(ME, [BOB, { ...CY, mediaOnly: true }], { topology: 'routed' }));
    await up(ann);
    open(ann.peer);
    expect(ann.room.participants.map(({ mediaOnly }) => mediaOnly)).toEqual([false, true]);
    const part = new Uint8Array(64 * 1024);
    ann.room.sendData(part, { ordered: false, maxRetransmits: 0 });
    const sent = must(channel(ann, 2).sent.at(-1)) as Uint8Array;
    expect([...sent.subarray(0, 6)]).toEqual([2, 1, 3, ...new TextEncoder().encode('bob')]);
    expect(() => ann.room.sendData(part, { to: ['cy'] })).toThrow(/Cy takes no data messages/);
  });

  it('wait, but not without end', async () => {
    const ann = await routed();
    open(ann.peer);
    const part = new Uint8Array(64 * 1024);
    for (let i = 0; i < 63; i++) ann.room.sendData(part, { to: ['cy'] });
    expect(() => ann.room.sendData(part, { to: ['cy'] })).toThrow(/More is sent to Cy/);
    ann.room.sendData(part, { to: ['bob'] });
  });
});

describe('the room', () => {
  it('has settings, which the host changes', async () => {
    const ann = new Client();
    await ann.join(joined({ ...ME, host: true }, [BOB]));
    const heard: unknown[] = [];
    ann.room.on('settings', (settings) => heard.push(settings));
    ann.room.on('host', (host) => heard.push(host));
    const locking = ann.room.hosting.setRoom({ locked: true, password: null });
    const [request] = take(ann, 'room');
    expect(must(request).data).toEqual({ locked: true, password: null });
    const settings = { ...NO_SETTINGS, locked: true };
    await ann.tell({ event: 'room-updated', data: settings });
    await must(request).answer({ ok: {} });
    await locking;
    expect(ann.room.settings).toEqual(settings);
    expect(ann.room.host).toBe(true);
    await ann.tell({ event: 'participant-updated', data: { ...ME, host: false } });
    await ann.tell({ event: 'participant-updated', data: { ...BOB, host: true } });
    expect(heard).toEqual([settings, false]);
    expect(ann.room.participants[0]?.host).toBe(true);
    const removing = ann.room.hosting.remove('bob');
    await must(take(ann, 'remove')[0]).answer({ error: { code: 'not-host', message: 'no' } });
    await expect(removing).rejects.toMatchObject({ code: 'not-host' });
  });

  it('is asked for with its password', async () => {
    const ann = new Client({ password: 'sesame' });
    expect(await ann.join(joined(ME, []))).toMatchObject({ password: 'sesame' });
    const bob = new Client();
    await settle();
    bob.network.last.handlers.opened();
    await bob.network.last.take('join').refuse('password-required');
    await expect(bob.joining).rejects.toMatchObject({ code: 'password-required' });
  });

  it('is over for whom the host sends away', async () => {
    const ann = await routed();
    await ann.tell({ event: 'removed', data: { ban: false } });
    expect(ann.room.signaling).toEqual({ state: 'closed', reason: 'removed', banned: false });
    expect(ann.peer.closed).toBe(true);
    const bob = await routed();
    await bob.network.last.lose();
    await vi.advanceTimersByTimeAsync(15_000);
    bob.network.last.handlers.opened();
    await bob.network.last.take('join').refuse('removed');
    expect(bob.room.signaling).toMatchObject({ state: 'closed', reason: 'removed', banned: true });
  });
});
