/** Ends some work: by itself when the time is over (if it has one), with the outer signal, or by `abort`. */
export interface Deadline {
  readonly signal: AbortSignal;
  abort(): void;
  /** To be called when the work is done. */
  release(): void;
}

export function deadline(milliseconds: number | undefined, outer: AbortSignal): Deadline {
  const inner = new AbortController();
  const abort = () => inner.abort();
  const timer = milliseconds === undefined ? undefined : setTimeout(abort, milliseconds);
  if (outer.aborted) abort();
  outer.addEventListener('abort', abort, { once: true });
  return {
    signal: inner.signal,
    abort,
    release() {
      clearTimeout(timer);
      outer.removeEventListener('abort', abort);
    },
  };
}

/** Resolves after a time, or when the signal aborts. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}
