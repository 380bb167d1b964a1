import { selectedPair, statsOf } from './stats-report';
import type { ConnectionStats, PeerPath, RemoteParticipant, TrackStats } from './types';

/** One peer connection's report and what the connection is called. */
export interface Sample {
  connection: string;
  report: RTCStatsReport;
}

/** Members that not every browser or type library has. */
interface RtpStats extends RTCStats {
  kind?: string;
  ssrc?: number;
  bytesSent?: number;
  headerBytesSent?: number;
  packetsSent?: number;
  bytesReceived?: number;
  headerBytesReceived?: number;
  packetsReceived?: number;
  packetsLost?: number;
  fractionLost?: number;
  localId?: string;
  frameWidth?: number;
  frameHeight?: number;
  framesPerSecond?: number;
  codecId?: string;
  trackIdentifier?: string;
}

/** A track that delivered, and by which connection: two of them may carry tracks of one and the same id. */
interface Received {
  connection: string;
  track: string;
  stats: TrackStats;
}

/** Of whom tracks are received. */
export type Sender = Pick<RemoteParticipant, 'id' | 'path' | 'tracks'>;

interface Counters {
  at: number;
  bytes: number;
  packets: number;
  lost: number;
}

interface Sums {
  sentBits: number;
  receivedBits: number;
  received: number;
  lost: number;
  sentWeight: number;
  sentLost: number;
  roundTripMs: number | undefined;
  protocol: string | undefined;
  relayed: boolean;
  video: (NonNullable<ConnectionStats['video']> & { pixels: number }) | undefined;
  arrived: Received[];
}

export const NO_STATS: ConnectionStats = {
  path: 'waiting',
  sendBitrate: 0,
  receiveBitrate: 0,
  receiveLoss: 0,
  sendLoss: 0,
  received: {},
};

/** Turns reports, which count from the beginning, into what happened since the last ones. */
export class StatsSampler {
  #before = new Map<string, Counters>();

  /** `senders`: the others, as they are shown. */
  sample(samples: readonly Sample[], senders: readonly Sender[]): ConnectionStats {
    const now = new Map<string, Counters>();
    const sums: Sums = {
      sentBits: 0,
      receivedBits: 0,
      received: 0,
      lost: 0,
      sentWeight: 0,
      sentLost: 0,
      roundTripMs: undefined,
      protocol: undefined,
      relayed: false,
      video: undefined,
      arrived: [],
    };
    for (const sample of samples) this.#add(sample, now, sums);
    this.#before = now;
    const { roundTripMs, protocol, video } = sums;
    const stats: ConnectionStats = {
      path: worstPath(senders.map(({ path }) => path)),
      sendBitrate: Math.round(sums.sentBits),
      receiveBitrate: Math.round(sums.receivedBits),
      receiveLoss: share(sums.lost, sums.lost + sums.received),
      sendLoss: share(sums.sentLost, sums.sentWeight),
      received: bySender(sums.arrived, senders),
    };
    if (roundTripMs !== undefined) stats.roundTripMs = roundTripMs;
    if (protocol !== undefined) stats.protocol = protocol;
    if (sums.relayed) stats.relayed = true;
    if (video) {
      const { width, height, framesPerSecond, codec } = video;
      stats.video = { width, height, framesPerSecond, ...(codec === undefined ? {} : { codec }) };
    }
    return stats;
  }

  #add({ connection, report }: Sample, now: Map<string, Counters>, sums: Sums): void {
    const sentBySsrc = new Map<string, number>();
    const all = statsOf(report) as RtpStats[];
    for (const stats of all) {
      const key = `${connection} ${stats.id} ${stats.ssrc ?? ''}`;
      if (stats.type === 'outbound-rtp') {
        const delta = this.#delta(key, now, {
          at: stats.timestamp,
          bytes: (stats.bytesSent ?? 0) + (stats.headerBytesSent ?? 0),
          packets: stats.packetsSent ?? 0,
          lost: 0,
        });
        sums.sentBits += delta.bitrate;
        sentBySsrc.set(stats.id, delta.packets);
      } else if (stats.type === 'inbound-rtp') {
        const delta = this.#delta(key, now, {
          at: stats.timestamp,
          bytes: (stats.bytesReceived ?? 0) + (stats.headerBytesReceived ?? 0),
          packets: stats.packetsReceived ?? 0,
          lost: stats.packetsLost ?? 0,
        });
        sums.receivedBits += delta.bitrate;
        sums.received += delta.packets;
        sums.lost += delta.lost;
        if (delta.packets === 0) continue;
        if (stats.kind === 'video') largest(stats, report, sums);
        if (stats.trackIdentifier !== undefined) {
          sums.arrived.push({ connection, track: stats.trackIdentifier, stats: trackStats(stats, delta) });
        }
      }
    }
    for (const stats of all) {
      if (stats.type !== 'remote-inbound-rtp') continue;
      // A report stands until the next one comes: it counts by what was sent meanwhile.
      const weight = sentBySsrc.get(stats.localId ?? '') ?? 0;
      sums.sentWeight += weight;
      sums.sentLost += weight * (stats.fractionLost ?? 0);
    }
    const pair = selectedPair(report);
    sums.protocol ??= pair?.protocol;
    sums.relayed ||= pair?.relayed ?? false;
    if (pair?.roundTripMs !== undefined) sums.roundTripMs = Math.max(sums.roundTripMs ?? 0, pair.roundTripMs);
  }

  #delta(
    key: string,
    now: Map<string, Counters>,
    counters: Counters,
  ): { bitrate: number; packets: number; lost: number } {
    now.set(key, counters);
    const before = this.#before.get(key);
    const seconds = before ? (counters.at - before.at) / 1000 : 0;
    // Counters that went back belong to another connection or stream: nothing can be said until the next sample.
    if (!before || seconds <= 0 || counters.bytes < before.bytes || counters.packets < before.packets) {
      return { bitrate: 0, packets: 0, lost: 0 };
    }
    return {
      bitrate: ((counters.bytes - before.bytes) * 8) / seconds,
      packets: counters.packets - before.packets,
      // May go down: a packet counted as lost came late (RFC 3550 §6.4.1).
      lost: Math.max(0, counters.lost - before.lost),
    };
  }
}

const WORST_FIRST = [
  'failed',
  'connecting',
  'server',
  'relayed',
  'direct',
] as const satisfies readonly PeerPath[];

/** With several participants, the one with the most trouble is the one to tell about. */
export function worstPath(paths: readonly PeerPath[]): ConnectionStats['path'] {
  return WORST_FIRST.find((path) => paths.includes(path)) ?? 'waiting';
}

function trackStats(
  { frameWidth, frameHeight, framesPerSecond }: RtpStats,
  { bitrate, packets, lost }: { bitrate: number; packets: number; lost: number },
): TrackStats {
  return {
    bitrate: Math.round(bitrate),
    loss: share(lost, lost + packets),
    ...(framesPerSecond === undefined ? {} : { framesPerSecond }),
    ...(frameWidth === undefined ? {} : { width: frameWidth }),
    ...(frameHeight === undefined ? {} : { height: frameHeight }),
  };
}

/** Whose tracks they are: straight from the participant, or by way of the server. */
function bySender(received: readonly Received[], senders: readonly Sender[]): ConnectionStats['received'] {
  const all: Record<string, Record<string, TrackStats>> = {};
  for (const { id, tracks } of senders) {
    for (const [source, track] of Object.entries(tracks)) {
      const ways = received.filter((one) => one.track === track.id);
      const found = ways.find(({ connection }) => connection === id) ?? ways[0];
      if (found) (all[id] ??= {})[source] = found.stats;
    }
  }
  return all;
}

function largest(stats: RtpStats, report: RTCStatsReport, sums: Sums): void {
  const { frameWidth: width = 0, frameHeight: height = 0, framesPerSecond = 0, codecId } = stats;
  const pixels = width * height;
  if (pixels === 0 || pixels <= (sums.video?.pixels ?? 0)) return;
  const codec =
    codecId === undefined ? undefined : (report.get(codecId) as { mimeType?: string } | undefined);
  const name = codec?.mimeType?.replace(/^video\//, '');
  sums.video = { pixels, width, height, framesPerSecond, ...(name === undefined ? {} : { codec: name }) };
}

function share(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, part / whole) : 0;
}
