/**
 * Typed events. A listener that throws does not keep the others from hearing: its error is reported as
 * the browser reports any uncaught error, so that it is seen and not swallowed.
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(argument: never) => void>>();

  /** Listens; the returned function stops it. */
  on<K extends keyof Events>(event: K, listener: (argument: Events[K]) => void): () => void {
    let listeners = this.#listeners.get(event);
    if (!listeners) {
      listeners = new Set();
      this.#listeners.set(event, listeners);
    }
    // A wrapper of its own, so that the same function may listen twice and stop once.
    const entry = (argument: Events[K]) => listener(argument);
    listeners.add(entry);
    return () => void listeners.delete(entry);
  }

  /** Calls the listeners in the order they came. */
  emit<K extends keyof Events>(event: K, argument: Events[K]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as (argument: Events[K]) => void)(argument);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /** Forgets every listener. */
  clear(): void {
    this.#listeners.clear();
  }
}
