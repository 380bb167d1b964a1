/** The first try comes at once (the usual loss is a moment long); 100–300 ms keep a crowd from coming together. */
const FIRST_MS = 100;
const FIRST_SPREAD_MS = 200;
const GROWTH = 1.7;
const LONGEST_MS = 10_000;

/** How long to wait before each try to reconnect. */
export class Backoff {
  #attempt = 0;
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Tries since the last `reset`. */
  get attempt(): number {
    return this.#attempt;
  }

  /** Milliseconds to wait before the next try. */
  next(): number {
    const attempt = this.#attempt++;
    if (attempt === 0) return FIRST_MS + FIRST_SPREAD_MS * this.#random();
    const full = Math.min(LONGEST_MS, (FIRST_MS + FIRST_SPREAD_MS) * GROWTH ** attempt);
    // Jitter downwards only, so that the bound holds.
    return full * (0.7 + 0.3 * this.#random());
  }

  reset(): void {
    this.#attempt = 0;
  }
}
