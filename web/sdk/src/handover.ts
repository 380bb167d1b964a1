/** The other side may need a moment longer than we do. */
const LINGER_MS = 4_000;
/** What has not come by the new way in so long is not coming: nobody looks at it, or it is silent. */
const LONGEST_MS = 10_000;

/** Decides when an old way of media may be closed, after a new one was opened beside it. */
export class Handover {
  #upAt: number | undefined;
  #completeAt: number | undefined;

  /**
   * To be asked again and again; `now` in milliseconds.
   *
   * @param up the new way is connected
   * @param complete everything that is sent has arrived by it
   */
  isOver(now: number, up: boolean, complete: boolean): boolean {
    // A new way that breaks again is none: the old one stays.
    if (!up) this.#upAt = this.#completeAt = undefined;
    else this.#upAt ??= now;
    if (this.#upAt === undefined) return false;
    if (complete) this.#completeAt ??= now;
    return now - (this.#completeAt ?? Infinity) >= LINGER_MS || now - this.#upAt >= LONGEST_MS;
  }
}
