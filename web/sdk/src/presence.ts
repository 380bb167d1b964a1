import { Emitter } from './emitter';

/** Long enough for a network that comes back, short enough that nobody goes on talking to somebody who is gone. */
const AWAY_MS = 10_000;

/** What can be told of one of the others right now. */
export interface Sign {
  id: string;
  /** Its signaling connection lives. */
  connected: boolean;
  /** Media of it comes. */
  heard: boolean;
}

/**
 * Who of the others is away: nothing has come from them for a while, neither to the server nor to us, but their
 * place is kept (longer than anybody would look at an empty tile) and they may be back any moment.
 */
export class Presence extends Emitter<{ change: string }> {
  /** When there last was a sign of each. */
  readonly #seenAt = new Map<string, number>();
  readonly #away = new Set<string>();

  isAway(id: string): boolean {
    return this.#away.has(id);
  }

  /** Looks at everyone; to be called about once a second. */
  poll(signs: readonly Sign[], now: number): void {
    for (const { id, connected, heard } of signs) {
      if (connected || heard || !this.#seenAt.has(id)) this.#seenAt.set(id, now);
      this.#set(id, now - (this.#seenAt.get(id) ?? now) >= AWAY_MS);
    }
  }

  /** Its signaling connection lives, or does not. */
  handleConnected(id: string, connected: boolean): void {
    if (!connected) return;
    this.#seenAt.delete(id);
    this.#set(id, false);
  }

  forget(id: string): void {
    this.#seenAt.delete(id);
    this.#away.delete(id);
  }

  #set(id: string, away: boolean): void {
    if (away === this.#away.has(id)) return;
    if (away) this.#away.add(id);
    else this.#away.delete(id);
    this.emit('change', id);
  }
}
