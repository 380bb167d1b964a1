import type { Tracks } from '../slots';
import type { Sample, Sender } from '../stats';
import { statsOf } from '../stats-report';
import { SLOTS } from '../slots';
import type { TrackSource } from '../types';
import { candidatePairs } from './candidates';
import type { ConnectionDetail, ReceivedTrack, SentTrack, StatsDetail } from './types';

/** What is read of an RTP stream; not every browser has all of it, nor has every version of the type library. */
interface RtpStats extends RTCStats {
  kind?: string;
  ssrc?: number;
  rid?: string;
  localId?: string;
  codecId?: string;
  mediaSourceId?: string;
  trackIdentifier?: string;
  active?: boolean;
  bytesSent?: number;
  headerBytesSent?: number;
  packetsSent?: number;
  bytesReceived?: number;
  headerBytesReceived?: number;
  packetsReceived?: number;
  packetsLost?: number;
  fractionLost?: number;
  roundTripTime?: number;
  jitter?: number;
  jitterBufferDelay?: number;
  jitterBufferEmittedCount?: number;
  frameWidth?: number;
  frameHeight?: number;
  framesPerSecond?: number;
  qualityLimitationReason?: SentTrack['limitedBy'];
  totalSamplesReceived?: number;
  concealedSamples?: number;
  silentConcealedSamples?: number;
}

/** Figures that only go up, of one stream. */
interface Counters {
  at: number;
  bytes: number;
  packets: number;
  lost: number;
  bufferSeconds: number;
  bufferCount: number;
  samples: number;
  concealed: number;
}

type Change = Omit<Counters, 'at'> & { bitrate: number };

/** Turns reports, which count from the beginning, into what each track did during the last second. */
export class DetailSampler {
  #before = new Map<string, Counters>();

  /** `own`: what we send; `senders`: the others, as they are shown. */
  sample(samples: readonly Sample[], own: Tracks, senders: readonly Sender[], at: number): StatsDetail {
    const now = new Map<string, Counters>();
    const owners = ownersOf(senders);
    const received: ReceivedTrack[] = [];
    const connections = samples.map((sample) => this.#connection(sample, own, owners, now, received));
    this.#before = now;
    return { at, connections, received };
  }

  #connection(
    { connection, report }: Sample,
    own: Tracks,
    owners: ReadonlyMap<string, readonly Owner[]>,
    now: Map<string, Counters>,
    received: ReceivedTrack[],
  ): ConnectionDetail {
    const all = statsOf(report) as RtpStats[];
    const reports = new Map(
      all.flatMap((stats) =>
        stats.type === 'remote-inbound-rtp' && stats.localId ? [[stats.localId, stats] as const] : [],
      ),
    );
    const sent: SentTrack[] = [];
    const sums = { sent: 0, received: 0, packets: 0, lost: 0, weight: 0, weighedLoss: 0 };
    for (const stats of all) {
      if (stats.type === 'outbound-rtp') {
        const change = this.#change(connection, stats, now);
        const told = reports.get(stats.id);
        sums.sent += change.bitrate;
        sums.weight += change.packets;
        sums.weighedLoss += change.packets * (told?.fractionLost ?? 0);
        const source = ownSource(stats, report, own);
        if (source && (change.packets > 0 || stats.kind === 'video')) {
          sent.push(sentTrack(source, stats, change, told, report));
        }
      } else if (stats.type === 'inbound-rtp') {
        const change = this.#change(connection, stats, now);
        sums.received += change.bitrate;
        sums.packets += change.packets;
        sums.lost += change.lost;
        const owner = ownerOf(owners.get(stats.trackIdentifier ?? ''), connection);
        if (owner && change.packets > 0)
          received.push({ ...owner, connection, ...inbound(stats, change, report) });
      }
    }
    const pair = candidatePairs(report).find(({ selected }) => selected);
    const available = availableOf(all);
    return {
      connection,
      sendBitrate: Math.round(sums.sent),
      receiveBitrate: Math.round(sums.received),
      receiveLoss: share(sums.lost, sums.lost + sums.packets),
      sendLoss: share(sums.weighedLoss, sums.weight),
      ...(pair?.roundTripMs === undefined ? {} : { roundTripMs: pair.roundTripMs }),
      ...(available === undefined ? {} : { availableSendBitrate: available }),
      ...(pair ? { pair } : {}),
      sent: sent.sort((a, b) => SLOTS.indexOf(a.source) - SLOTS.indexOf(b.source) || size(a) - size(b)),
    };
  }

  #change(connection: string, stats: RtpStats, now: Map<string, Counters>): Change {
    const counters: Counters = {
      at: stats.timestamp,
      bytes:
        (stats.bytesSent ?? stats.bytesReceived ?? 0) +
        (stats.headerBytesSent ?? stats.headerBytesReceived ?? 0),
      packets: stats.packetsSent ?? stats.packetsReceived ?? 0,
      lost: stats.packetsLost ?? 0,
      bufferSeconds: stats.jitterBufferDelay ?? 0,
      bufferCount: stats.jitterBufferEmittedCount ?? 0,
      samples: stats.totalSamplesReceived ?? 0,
      concealed: (stats.concealedSamples ?? 0) - (stats.silentConcealedSamples ?? 0),
    };
    const key = `${connection} ${stats.id} ${stats.ssrc ?? ''}`;
    now.set(key, counters);
    const before = this.#before.get(key);
    const seconds = before ? (counters.at - before.at) / 1000 : 0;
    // Counters that went back belong to another stream: nothing can be said until the next sample.
    if (!before || seconds <= 0 || counters.bytes < before.bytes || counters.packets < before.packets) {
      return {
        bitrate: 0,
        bytes: 0,
        packets: 0,
        lost: 0,
        bufferSeconds: 0,
        bufferCount: 0,
        samples: 0,
        concealed: 0,
      };
    }
    const bytes = counters.bytes - before.bytes;
    return {
      bitrate: (bytes * 8) / seconds,
      bytes,
      packets: counters.packets - before.packets,
      // May go down: a packet counted as lost came late (RFC 3550 §6.4.1).
      lost: Math.max(0, counters.lost - before.lost),
      bufferSeconds: counters.bufferSeconds - before.bufferSeconds,
      bufferCount: counters.bufferCount - before.bufferCount,
      samples: counters.samples - before.samples,
      concealed: Math.max(0, counters.concealed - before.concealed),
    };
  }
}

interface Owner {
  participant: string;
  source: TrackSource;
}

function ownersOf(senders: readonly Sender[]): Map<string, Owner[]> {
  const owners = new Map<string, Owner[]>();
  for (const { id, tracks } of senders) {
    for (const source of SLOTS) {
      const track = tracks[source]?.id;
      if (track === undefined) continue;
      owners.set(track, [...(owners.get(track) ?? []), { participant: id, source }]);
    }
  }
  return owners;
}

/** Two connections may carry tracks of one and the same id: straight from the participant, then by way of the server. */
function ownerOf(owners: readonly Owner[] | undefined, connection: string): Owner | undefined {
  return owners?.find(({ participant }) => participant === connection) ?? owners?.[0];
}

/** Which of our tracks a stream carries; none while it carries nothing. */
function ownSource(
  { mediaSourceId }: RtpStats,
  report: RTCStatsReport,
  own: Tracks,
): TrackSource | undefined {
  if (mediaSourceId === undefined) return undefined;
  const source = report.get(mediaSourceId) as { trackIdentifier?: string } | undefined;
  return SLOTS.find((slot) => own[slot] !== undefined && own[slot].id === source?.trackIdentifier);
}

function sentTrack(
  source: TrackSource,
  stats: RtpStats,
  change: Change,
  told: RtpStats | undefined,
  report: RTCStatsReport,
): SentTrack {
  const { rid, qualityLimitationReason: limitedBy } = stats;
  return {
    source,
    ...(rid ? { layer: rid } : {}),
    bitrate: Math.round(change.bitrate),
    loss: Math.min(1, Math.max(0, told?.fractionLost ?? 0)),
    ...(told?.roundTripTime === undefined ? {} : { roundTripMs: told.roundTripTime * 1000 }),
    ...(told?.jitter === undefined ? {} : { jitterMs: told.jitter * 1000 }),
    // A layer that rests still says what it was like when it did not.
    ...(change.packets > 0 ? picture(stats) : stats.kind === 'video' ? { framesPerSecond: 0 } : {}),
    ...(limitedBy === undefined ? {} : { limitedBy }),
    ...codec(stats, report),
  };
}

function inbound(
  stats: RtpStats,
  change: Change,
  report: RTCStatsReport,
): Omit<ReceivedTrack, 'participant' | 'source' | 'connection'> {
  return {
    bitrate: Math.round(change.bitrate),
    loss: share(change.lost, change.lost + change.packets),
    ...(stats.jitter === undefined ? {} : { jitterMs: stats.jitter * 1000 }),
    ...(change.bufferCount > 0 ? { bufferMs: (change.bufferSeconds / change.bufferCount) * 1000 } : {}),
    ...(stats.kind === 'video' ? picture(stats) : {}),
    ...(stats.kind === 'audio' && stats.concealedSamples !== undefined
      ? { concealed: share(change.concealed, change.samples) }
      : {}),
    ...codec(stats, report),
  };
}

function picture({ frameWidth, frameHeight, framesPerSecond }: RtpStats) {
  return {
    ...(frameWidth === undefined ? {} : { width: frameWidth }),
    ...(frameHeight === undefined ? {} : { height: frameHeight }),
    ...(framesPerSecond === undefined ? {} : { framesPerSecond }),
  };
}

function codec({ codecId }: RtpStats, report: RTCStatsReport): { codec?: string } {
  const found =
    codecId === undefined ? undefined : (report.get(codecId) as { mimeType?: string } | undefined);
  const name = found?.mimeType?.replace(/^\w+\//, '');
  return name === undefined ? {} : { codec: name };
}

/** The estimate stands at the pair in use; those that are not have none, or an old one. */
function availableOf(all: readonly RtpStats[]): number | undefined {
  const pairs = all.filter(({ type }) => type === 'candidate-pair') as unknown as RTCIceCandidatePairStats[];
  const estimates = pairs.flatMap(({ nominated, availableOutgoingBitrate }) =>
    nominated && availableOutgoingBitrate !== undefined ? availableOutgoingBitrate : [],
  );
  return estimates.length > 0 ? Math.max(...estimates) : undefined;
}

const size = ({ width = 0, height = 0 }: SentTrack) => width * height;

function share(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, part / whole) : 0;
}
