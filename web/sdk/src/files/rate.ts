/** Below this the next sample says more about timers than about the network. */
const SHORTEST_MS = 300;
/** How much the newest sample counts: a few seconds are remembered. */
const WEIGHT = 0.3;

/** How fast something grows, smoothed. */
export class Rate {
  #bytes = 0;
  #at: number | undefined;
  #perSecond: number | undefined;

  /** Bytes per second; 0 while unknown. */
  get perSecond(): number {
    return this.#perSecond ?? 0;
  }

  /** Begins (again) at so many bytes: what lies before is not counted. */
  restart(bytes: number, now: number): void {
    this.#bytes = bytes;
    this.#at = now;
    this.#perSecond = undefined;
  }

  sample(bytes: number, now: number): void {
    if (this.#at === undefined) return this.restart(bytes, now);
    const milliseconds = now - this.#at;
    if (milliseconds < SHORTEST_MS) return;
    const latest = (Math.max(0, bytes - this.#bytes) * 1000) / milliseconds;
    this.#perSecond =
      this.#perSecond === undefined ? latest : this.#perSecond + WEIGHT * (latest - this.#perSecond);
    this.#bytes = bytes;
    this.#at = now;
  }
}
