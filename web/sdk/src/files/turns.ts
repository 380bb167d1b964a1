/** So many large files go at once, and as many small ones beside them: a picture does not wait for a film. */
const RUNNING = 5;
/** Up to this a file is small; 5 MB. */
export const SMALL_BYTES = 5_000_000;

/** Lets some of those who wait run, in the order in which they came. */
export class Turns<T extends { readonly bytes: number }> {
  readonly #running = new Set<T>();
  readonly #waiting = new Set<T>();
  readonly #begin: (one: T) => void;

  constructor(begin: (one: T) => void) {
    this.#begin = begin;
  }

  isRunning(one: T): boolean {
    return this.#running.has(one);
  }

  /** Begins now, or when it is its turn. Returns whether that is now. */
  enter(one: T): boolean {
    if (this.#running.has(one)) return true;
    this.#waiting.add(one);
    this.#next();
    return this.#running.has(one);
  }

  leave(one: T): void {
    this.#waiting.delete(one);
    if (this.#running.delete(one)) this.#next();
  }

  #next(): void {
    for (const one of [...this.#waiting]) {
      const alike = [...this.#running].filter((other) => isSmall(other) === isSmall(one)).length;
      if (alike >= RUNNING) continue;
      this.#waiting.delete(one);
      this.#running.add(one);
      this.#begin(one);
    }
  }
}

function isSmall({ bytes }: { readonly bytes: number }): boolean {
  return bytes <= SMALL_BYTES;
}
