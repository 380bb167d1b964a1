import { ConnectionLost } from './errors';
import { KaigiError } from './types';
import type { ParticipantId, Signal, SignalFrom, SignalPayload } from './wire.gen';

/** Beyond this the peer is negotiated with anew anyway; a negotiation takes some thirty. */
const KEPT_PER_PEER = 400;
/** The server says "wait a second". */
const REFUSED_RETRY_MS = 1_000;

interface Entry {
  signal: Signal;
  state: 'waiting' | 'sent';
}

/**
 * Signals on their way to the server: each is kept until it is acknowledged and sent again, under its old
 * number and in the old order, after a lost connection.
 */
export class Outbox {
  readonly #send: (signal: Signal) => Promise<unknown>;
  #entries: Entry[] = [];
  #seq = 0;
  #online = false;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (signal: Signal) => Promise<unknown>) {
    this.#send = send;
  }

  push(to: ParticipantId, incarnation: number, payload: SignalPayload): void {
    const ofPeer = this.#entries.filter((entry) => entry.signal.to === to);
    if (ofPeer.length >= KEPT_PER_PEER) {
      const oldest = ofPeer.find((entry) => entry.signal.payload.type === 'candidate') ?? ofPeer[0];
      this.#entries = this.#entries.filter((entry) => entry !== oldest);
    }
    const entry: Entry = { signal: { to, incarnation, seq: ++this.#seq, payload }, state: 'waiting' };
    this.#entries.push(entry);
    // A refused one ahead of it goes first.
    if (this.#online && this.#retry === undefined) this.#transmit(entry);
  }

  /** In the room (again): everything unacknowledged goes out. */
  handleOnline(): void {
    this.#online = true;
    this.#flush();
  }

  handleOffline(): void {
    this.#online = false;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    for (const entry of this.#entries) entry.state = 'waiting';
  }

  /** The participant is gone or has started anew: what was for its old self is void. */
  drop(to: ParticipantId): void {
    this.#entries = this.#entries.filter((entry) => entry.signal.to !== to);
  }

  close(): void {
    this.handleOffline();
    this.#entries = [];
  }

  #flush(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    for (const entry of this.#entries) {
      if (entry.state === 'waiting') this.#transmit(entry);
    }
  }

  #transmit(entry: Entry): void {
    entry.state = 'sent';
    this.#send(entry.signal).then(
      () => this.#remove(entry),
      (error: unknown) => this.#handleFailure(entry, error),
    );
  }

  #handleFailure(entry: Entry, error: unknown): void {
    if (!this.#entries.includes(entry)) return;
    // Kept: whether the server passed it on is unknown, so it goes again under the same number.
    if (error instanceof ConnectionLost) {
      entry.state = 'waiting';
      return;
    }
    const code = error instanceof KaigiError ? error.code : undefined;
    if (code === 'rate-limited' || code === 'participant-unreachable' || code === 'shutting-down') {
      // Certainly not passed on, while later ones may have been: an old number would be ignored now.
      entry.signal = { ...entry.signal, seq: ++this.#seq };
      entry.state = 'waiting';
      this.#retry ??= setTimeout(() => this.#flush(), REFUSED_RETRY_MS);
      return;
    }
    this.#remove(entry);
    if (code !== 'no-such-participant' && code !== 'stale-participant') {
      console.warn('kaigi: the server refused a signal', entry.signal.payload.type, error);
    }
  }

  #remove(entry: Entry): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
  }
}

/** Knows which signals have been seen, so that one sent again counts once. */
export class Inbox {
  readonly #last = new Map<ParticipantId, { incarnation: number; seq: number }>();

  /** Is this one new? */
  accept({ from, incarnation, seq }: SignalFrom): boolean {
    const last = this.#last.get(from);
    if (last && (incarnation < last.incarnation || (incarnation === last.incarnation && seq <= last.seq))) {
      return false;
    }
    this.#last.set(from, { incarnation, seq });
    return true;
  }

  forget(from: ParticipantId): void {
    this.#last.delete(from);
  }
}
