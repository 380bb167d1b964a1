import { deadline, pause } from './deadline';
import { Meter, Pace, PACKET_BYTES, readPacket, writePacket } from './traffic';
import type { RelayFindings } from './types';

/** What a call with a good picture sends. */
const CALL_BITRATE = 2_500_000;
const PACED_MS = 3_000;
/** As often as a camera makes frames. */
const FRAME_MS = 20;
/** A frame's packets and a few that are late; a timer that was put to sleep is not made up for. */
const BURST = 30;
/** A fifth of a second of a call: when more waits, the channel does not keep up. */
const MOST_WAITING_BYTES = 64 * 1024;

/** Below half of what the server lets one credential relay. */
const FAST_BITRATE = 40_000_000;
const FAST_MS = 1_000;
const FAST_TICK_MS = 5;
const FAST_BURST = 200;
const FAST_WAITING_BYTES = 256 * 1024;
/** So close to the test's own rate is as good as that rate. */
const CAPPED_SHARE = 0.9;

/** For what is under way when all is sent. */
const LAST_MS = 400;
/** A path from which nothing came in so many looks has broken. Looks, not time: a busy page hears late of all. */
const SILENT_LOOKS = 8;
const LOOK_MS = 250;

const CONNECT_MS = 2_800;

export interface Measured {
  findings: RelayFindings;
  /** Share of a call's packets that the channel had no room for. */
  refusedShare: number;
  /** Share of the time for which the page was held up, by itself or by the device. */
  heldUpShare: number;
}
export type Measurement = Measured | 'silent' | 'interrupted';

/**
 * Sends packets through two relays of the server and back to this page: at the rate of a call for loss and
 * delay, then as fast as it goes. Both clocks are one, so a packet's way shows the whole round trip to the server.
 */
export async function measureRelay(
  server: RTCIceServer,
  create: (configuration: RTCConfiguration) => RTCPeerConnection,
  outer: AbortSignal,
): Promise<Measurement> {
  const configuration: RTCConfiguration = { iceServers: [server], iceTransportPolicy: 'relay' };
  const ends = [create(configuration), create(configuration)] as const;
  try {
    const { signal, release } = deadline(CONNECT_MS, outer);
    const channels = await connect(ends, signal).finally(release);
    return channels ? await measure(channels, outer) : 'silent';
  } finally {
    for (const end of ends) end.close();
  }
}

/** The channels of both ends, open. */
async function connect(
  [a, b]: readonly [RTCPeerConnection, RTCPeerConnection],
  signal: AbortSignal,
): Promise<[RTCDataChannel, RTCDataChannel] | undefined> {
  // As media: what is lost stays lost, and holds up nothing (RFC 8831 §6.1).
  const init = { negotiated: true, id: 0, ordered: false, maxRetransmits: 0 };
  const channels: [RTCDataChannel, RTCDataChannel] = [
    a.createDataChannel('test', init),
    b.createDataChannel('test', init),
  ];
  const open = channels.map((channel) => {
    channel.binaryType = 'arraybuffer';
    return new Promise<boolean>((resolve) => {
      channel.addEventListener('open', () => resolve(true), { once: true });
      signal.addEventListener('abort', () => resolve(false), { once: true });
      if (signal.aborted) resolve(false);
    });
  });
  const described = describe(a, b).catch(() => undefined);
  const [first, second] = await Promise.all(open);
  await described;
  return first && second ? channels : undefined;
}

/** Offer and answer (RFC 3264), and candidates as they come. */
async function describe(a: RTCPeerConnection, b: RTCPeerConnection): Promise<void> {
  const candidates = [forwardCandidates(a, b), forwardCandidates(b, a)];
  await a.setLocalDescription();
  if (a.localDescription) await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  if (b.localDescription) await a.setRemoteDescription(b.localDescription);
  for (const flow of candidates) flow();
}

/** Holds candidates back until the returned function says that the other end knows the description they belong to. */
function forwardCandidates(from: RTCPeerConnection, to: RTCPeerConnection): () => void {
  let held: RTCIceCandidate[] | undefined = [];
  const add = (candidate: RTCIceCandidate) => void to.addIceCandidate(candidate).catch(() => undefined);
  from.addEventListener('icecandidate', ({ candidate }) => {
    if (!candidate?.candidate) return;
    if (held) held.push(candidate);
    else add(candidate);
  });
  return () => {
    held?.forEach(add);
    held = undefined;
  };
}

async function measure(
  [sender, receiver]: [RTCDataChannel, RTCDataChannel],
  outer: AbortSignal,
): Promise<Measurement> {
  const meter = new Meter();
  const { signal, abort, release } = deadline(undefined, outer);
  receiver.addEventListener('message', ({ data }) => {
    const stamp = readPacket(data);
    if (stamp) meter.handleArrival(stamp, performance.now());
  });
  const startedAt = performance.now();
  let seen = 0;
  let silentLooks = 0;
  let heldUpMs = 0;
  let lookedAt = startedAt;
  const watch = setInterval(() => {
    const now = performance.now();
    heldUpMs += Math.max(0, now - lookedAt - LOOK_MS);
    lookedAt = now;
    silentLooks = meter.arrivals > seen ? 0 : silentLooks + 1;
    seen = meter.arrivals;
    if (silentLooks >= SILENT_LOOKS) abort();
  }, LOOK_MS);
  let fastFrom: number;
  try {
    await sendPaced(sender, meter, signal);
    fastFrom = performance.now();
    await sendFast(sender, fastFrom + FAST_MS, signal);
    await pause(LAST_MS, signal);
  } finally {
    clearInterval(watch);
    release();
  }
  if (meter.arrivals === 0) return 'silent';
  if (signal.aborted) return 'interrupted';
  const bitrate = meter.bitrate(fastFrom);
  const { median, slow } = meter.delays();
  return {
    refusedShare: meter.refusedShare,
    heldUpShare: heldUpMs / (performance.now() - startedAt),
    findings: {
      roundTripMs: median,
      jitterMs: slow - median,
      loss: meter.loss,
      bitrate,
      bitrateCapped: bitrate >= FAST_BITRATE * CAPPED_SHARE,
    },
  };
}

async function sendPaced(channel: RTCDataChannel, meter: Meter, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  const pace = new Pace(CALL_BITRATE, startedAt, BURST);
  let sequence = 0;
  while (!signal.aborted && performance.now() - startedAt < PACED_MS) {
    const now = performance.now();
    for (let due = pace.due(now); due > 0; due--) {
      const room = channel.bufferedAmount + PACKET_BYTES <= MOST_WAITING_BYTES;
      meter.handleSent(room && send(channel, 'paced', sequence++, now));
    }
    await pause(FRAME_MS, signal);
  }
}

async function sendFast(channel: RTCDataChannel, until: number, signal: AbortSignal): Promise<void> {
  const pace = new Pace(FAST_BITRATE, performance.now(), FAST_BURST);
  let sequence = 0;
  while (!signal.aborted && performance.now() < until) {
    const now = performance.now();
    for (let due = pace.due(now); due > 0; due--) {
      if (channel.bufferedAmount + PACKET_BYTES > FAST_WAITING_BYTES) break;
      send(channel, 'fast', sequence++, now);
    }
    await pause(FAST_TICK_MS, signal);
  }
}

function send(channel: RTCDataChannel, phase: 'paced' | 'fast', sequence: number, sentAt: number): boolean {
  if (channel.readyState !== 'open') return false;
  try {
    channel.send(writePacket({ phase, sequence, sentAt }));
    return true;
  } catch {
    return false; // its buffer is full
  }
}
