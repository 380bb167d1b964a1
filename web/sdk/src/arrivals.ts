import type { Sound } from './speaking';
import { statsOf } from './stats-report';

interface InboundStats extends RTCStats {
  kind?: string;
  trackIdentifier?: string;
  packetsReceived?: number;
  audioLevel?: number;
  framesDecoded?: number;
  keyFramesDecoded?: number;
  concealedSamples?: number;
  silentConcealedSamples?: number;
  freezeCount?: number;
}

/**
 * A fresh track has to come for so long without a gap: its jitter buffer begins with the least delay and learns by
 * gaps, which nobody hears as long as the track of before is there.
 */
const STEADY_MS = 1_000;
/** On a bad network that may take forever: this is enough. */
const LONGEST_MS = 2_000;

/** What has delivered within this time delivers: a few reports, and silence that is sent as such (DTX). */
const FLOWING_MS = 2_000;

/**
 * Which tracks have delivered since they were last given to somebody: a picture that can be shown, sound that
 * can be heard. A track exists long before that.
 */
export class Arrivals {
  /** Packets of sound, key frames of video: another source's picture can only begin with one. */
  readonly #counts = new Map<string, number>();
  readonly #since = new Map<string, number>();
  readonly #arrived = new Set<string>();
  /** Of those, when each began, and since when it has come without a gap. */
  readonly #begun = new Map<string, { at: number; steadyAt: number; gaps: number }>();
  readonly #steady = new Set<string>();
  readonly #sounds = new Map<string, Sound>();
  /** Packets of sound or frames of video, and when there last were more of them. */
  readonly #moved = new Map<string, { count: number; at: number }>();

  /** Takes a report of the tracks' connection. Returns the tracks that have delivered, or are steady, for the first time. */
  handleReport(report: RTCStatsReport, now = performance.now()): string[] {
    const arrived: string[] = [];
    for (const stats of statsOf(report) as InboundStats[]) {
      const { type, kind, trackIdentifier: track } = stats;
      if (type !== 'inbound-rtp' || track === undefined) continue;
      const count =
        kind === 'audio' ? stats.packetsReceived : (stats.keyFramesDecoded ?? stats.framesDecoded);
      this.#counts.set(track, count ?? 0);
      this.#note(track, (kind === 'audio' ? stats.packetsReceived : stats.framesDecoded) ?? 0, now);
      if (kind === 'audio')
        this.#sounds.set(track, { audioLevel: stats.audioLevel ?? 0, timestamp: count ?? 0 });
      if (this.#steady.has(track) || (count ?? 0) <= (this.#since.get(track) ?? 0)) continue;
      const first = !this.#arrived.has(track);
      this.#arrived.add(track);
      const settled = this.#settles(track, gapsOf(stats), now);
      if (settled) this.#steady.add(track);
      if (first || settled) arrived.push(track);
    }
    return arrived;
  }

  has(track: string): boolean {
    return this.#arrived.has(track);
  }

  /** It has delivered for a while without a gap: it can take the place of another track. */
  isSteady(track: string): boolean {
    return this.#steady.has(track);
  }

  /** Something has come on the track just now. */
  isFlowing(track: string, now = performance.now()): boolean {
    return now - (this.#moved.get(track)?.at ?? -Infinity) < FLOWING_MS;
  }

  /** How loud the track was at the last report. */
  sound(track: string): Sound | undefined {
    return this.#sounds.get(track);
  }

  /** The track carries another source from now on. */
  restart(track: string): void {
    this.#arrived.delete(track);
    this.#begun.delete(track);
    this.#steady.delete(track);
    this.#since.set(track, this.#counts.get(track) ?? 0);
    const moved = this.#moved.get(track);
    if (moved) moved.at = -Infinity;
  }

  clear(): void {
    this.#counts.clear();
    this.#since.clear();
    this.#arrived.clear();
    this.#begun.clear();
    this.#steady.clear();
    this.#sounds.clear();
    this.#moved.clear();
  }

  #settles(track: string, gaps: number, now: number): boolean {
    const begun = this.#begun.get(track) ?? { at: now, steadyAt: now, gaps };
    if (gaps !== begun.gaps) Object.assign(begun, { steadyAt: now, gaps });
    this.#begun.set(track, begun);
    return now - begun.steadyAt >= STEADY_MS || now - begun.at >= LONGEST_MS;
  }

  #note(track: string, count: number, now: number): void {
    const before = this.#moved.get(track);
    if (!before) this.#moved.set(track, { count, at: count > 0 ? now : -Infinity });
    else if (count !== before.count) Object.assign(before, { count, at: now });
  }
}

/** What was made up because nothing came in time, silence aside; or how often the picture stood still. */
function gapsOf({ kind, concealedSamples, silentConcealedSamples, freezeCount }: InboundStats): number {
  if (kind === 'audio') return (concealedSamples ?? 0) - (silentConcealedSamples ?? 0);
  return freezeCount ?? 0;
}
