import { Emitter } from './emitter';

/** How often to look. */
export const LOOK_MS = 200;
/** Nothing for so long, with packets due several times in it, is no jitter any more. */
const SILENCE_MS = 800;
/** What a slow path may add to that. */
const LONGEST_ROUND_TRIPS_MS = 2_000;
/** A page that was held up for a second has not looked for a second: that is not silence. */
const LOOKS = 3;

export interface FlowEvents {
  /** Nothing came since the last look: provoke an answer, or silence means nothing. */
  quiet: undefined;
  /** Packets come, or have stopped to. */
  change: boolean;
}

/**
 * Whether packets come. Browsers take five seconds and more to call a dead path disconnected, because all they
 * go by are their own checks (RFC 7675 §5.1); what comes on the path tells in one.
 */
export class Flow extends Emitter<FlowEvents> {
  #received = 0;
  #flows = false;
  #lastAt = 0;
  #looks = 0;

  get flows(): boolean {
    return this.#flows;
  }

  /** Compares what came so far, in bytes; `now` in milliseconds. */
  look(received: number, roundTripMs: number, now: number): void {
    // Less than before: a path is gone, and with it its count.
    const more = received > this.#received;
    this.#received = received;
    if (more) {
      this.#lastAt = now;
      this.#looks = 0;
      this.#set(true);
      return;
    }
    if (!this.#flows) return;
    this.#looks++;
    const patience = SILENCE_MS + Math.min(2 * roundTripMs, LONGEST_ROUND_TRIPS_MS);
    if (this.#looks >= LOOKS && now - this.#lastAt >= patience) this.#set(false);
    else this.emit('quiet', undefined);
  }

  #set(flows: boolean): void {
    if (flows === this.#flows) return;
    this.#flows = flows;
    this.emit('change', flows);
  }
}
