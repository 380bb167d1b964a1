import type { Sound } from './speaking';
import { statsOf } from './stats-report';

interface InboundStats extends RTCStats {
  kind?: string;
  trackIdentifier?: string;
  packetsReceived?: number;
  audioLevel?: number;
  framesDecoded?: number;
  keyFramesDecoded?: number;
}

/**
 * Which tracks have delivered since they were last given to somebody: a picture that can be shown, sound that
 * can be heard. A track exists long before that.
 */
export class Arrivals {
  /** Packets of sound, key frames of video: another source's picture can only begin with one. */
  readonly #counts = new Map<string, number>();
  readonly #since = new Map<string, number>();
  readonly #arrived = new Set<string>();
  readonly #sounds = new Map<string, Sound>();

  /** Takes a report of the tracks' connection. Returns the tracks that have delivered for the first time. */
  handleReport(report: RTCStatsReport): string[] {
    const arrived: string[] = [];
    for (const stats of statsOf(report) as InboundStats[]) {
      const { type, kind, trackIdentifier: track } = stats;
      if (type !== 'inbound-rtp' || track === undefined) continue;
      const count =
        kind === 'audio' ? stats.packetsReceived : (stats.keyFramesDecoded ?? stats.framesDecoded);
      this.#counts.set(track, count ?? 0);
      if (kind === 'audio')
        this.#sounds.set(track, { audioLevel: stats.audioLevel ?? 0, timestamp: count ?? 0 });
      if (this.#arrived.has(track) || (count ?? 0) <= (this.#since.get(track) ?? 0)) continue;
      this.#arrived.add(track);
      arrived.push(track);
    }
    return arrived;
  }

  has(track: string): boolean {
    return this.#arrived.has(track);
  }

  /** How loud the track was at the last report. */
  sound(track: string): Sound | undefined {
    return this.#sounds.get(track);
  }

  /** The track carries another source from now on. */
  restart(track: string): void {
    this.#arrived.delete(track);
    this.#since.set(track, this.#counts.get(track) ?? 0);
  }

  clear(): void {
    this.#counts.clear();
    this.#since.clear();
    this.#arrived.clear();
    this.#sounds.clear();
  }
}
