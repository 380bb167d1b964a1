import type { ConnectionStats, RemoteParticipant } from '@kaigi/client';
import type { TileContent } from './tiles';

/** What the figures of the last seconds say, evened out: one bad second is no bad line. */
export interface Signs {
  sendLoss: number;
  roundTripMs: number | undefined;
  /** By tile-like key, `participant:source`. */
  tracks: ReadonlyMap<string, TrackSigns>;
  /** Anything is known at all. */
  any: boolean;
}

interface TrackSigns {
  loss: number;
  framesPerSecond: number | undefined;
  /** For how many seconds nothing has come. */
  missing: number;
}

export type Reason =
  'good' | 'reconnecting' | 'failed' | 'bandwidth' | 'stalled' | 'loss' | 'sendLoss' | 'delay' | 'frames';

/** How good a tile's connection is, 3 being good, and why it is not better. */
export interface Quality {
  bars: 1 | 2 | 3;
  reason: Reason;
  /** The share, the milliseconds, the pictures a second: what the reason is about. */
  figure: number;
}

/** The weight of the newest second. */
const newest = 0.3;
const stalledSeconds = 3;
/** From here on it is fair, and from here on poor. */
const limits = { loss: [0.02, 0.08], sendLoss: [0.02, 0.08], delay: [250, 500] } as const;
const leastFrames = { fair: 6, poor: 2 };

export const noSigns: Signs = { sendLoss: 0, roundTripMs: undefined, tracks: new Map(), any: false };

type Sender = Pick<RemoteParticipant, 'id' | 'media' | 'tracks' | 'videoPaused'>;

/** Takes in the next second. */
export function follow(before: Signs, stats: ConnectionStats, senders: readonly Sender[]): Signs {
  const even = (old: number | undefined, now: number) =>
    old === undefined ? now : old + newest * (now - old);
  const tracks = new Map<string, TrackSigns>();
  for (const { id, media, tracks: theirs, videoPaused } of senders) {
    for (const source of ['mic', 'camera', 'screen'] as const) {
      // Nothing is expected of it.
      if (!media[source] || !theirs[source] || (source !== 'mic' && videoPaused[source])) continue;
      const key = `${id}:${source}`;
      const [old, now] = [before.tracks.get(key), stats.received[id]?.[source]];
      tracks.set(key, {
        loss: now ? even(old?.loss, now.loss) : (old?.loss ?? 0),
        framesPerSecond:
          now?.framesPerSecond === undefined
            ? old?.framesPerSecond
            : even(old?.framesPerSecond, now.framesPerSecond),
        missing: now ? 0 : (old?.missing ?? 0) + 1,
      });
    }
  }
  return {
    sendLoss: even(before.any ? before.sendLoss : undefined, stats.sendLoss),
    roundTripMs: stats.roundTripMs === undefined ? undefined : even(before.roundTripMs, stats.roundTripMs),
    tracks,
    any: stats.path !== 'waiting',
  };
}

type Tile = Pick<TileContent, 'participant' | 'kind' | 'own' | 'connected' | 'path' | 'on' | 'paused'>;

/** Undefined while there is nothing to say. */
export function tileQuality(tile: Tile, signs: Signs): Quality | undefined {
  if (!tile.connected) return { bars: 1, reason: 'reconnecting', figure: 0 };
  if (tile.path === 'failed') return { bars: 1, reason: 'failed', figure: 0 };
  if (!signs.any || tile.path === 'connecting') return undefined;
  if (tile.paused) return { bars: 1, reason: 'bandwidth', figure: 0 };
  const found: Quality[] = [above('delay', signs.roundTripMs ?? 0)];
  if (tile.own) found.push(above('sendLoss', signs.sendLoss));
  else {
    const picture = signs.tracks.get(`${tile.participant}:${tile.kind}`);
    const voice = tile.kind === 'camera' ? signs.tracks.get(`${tile.participant}:mic`) : undefined;
    found.push(above('loss', Math.max(picture?.loss ?? 0, voice?.loss ?? 0)));
    // A shared screen on which nothing happens sends next to nothing.
    if (tile.kind === 'camera' && tile.on && picture) {
      if (picture.missing >= stalledSeconds) return { bars: 1, reason: 'stalled', figure: picture.missing };
      found.push(frames(picture.framesPerSecond));
    }
  }
  return found.reduce((worst, one) => (one.bars < worst.bars ? one : worst), good);
}

const good: Quality = { bars: 3, reason: 'good', figure: 0 };

function above(reason: keyof typeof limits, figure: number): Quality {
  const [fair, poor] = limits[reason];
  if (figure <= fair) return good;
  return { bars: figure > poor ? 1 : 2, reason, figure };
}

function frames(figure: number | undefined): Quality {
  if (figure === undefined || figure >= leastFrames.fair) return good;
  return { bars: figure < leastFrames.poor ? 1 : 2, reason: 'frames', figure };
}
