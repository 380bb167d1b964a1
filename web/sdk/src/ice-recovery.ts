import { Emitter } from './emitter';

/** Chromium says "disconnected" for a moment whenever it changes its path; that needs no help. */
const DISCONNECTED_MS = 3_000;
/** After a silence all is faster. Whoever is to go second: an offer of the other is here by then, if one can come. */
const SILENCE_PATIENCE_MS = 300;
/** A restart that helps has done so by then. */
const RENEW_MS = 600;
/** A fresh connection that works is up by then. */
const RENEWED_MS = 5_000;
/** A first connection that takes longer than this needs help. */
const FIRST_MS = 10_000;
/** Pauses after the first tries, and after each further one. */
const RETRY_MS = [5_000, 8_000, 13_000, 20_000];
const LONGEST_RETRY_MS = 30_000;
/** Tries before the user is told that it does not work. */
const TRIES_BEFORE_FAILED = 3;

export interface IceRecoveryEvents {
  /** Do something about the connection: offer with an ICE restart (RFC 8445 §9). */
  restart: undefined;
  /**
   * Begin anew with another connection. Chromium leaves no path for a lower-priority one, such as one through a
   * relay, before it has heard nothing on it for 3.5 s, and even forgets those that an ICE restart finds meanwhile.
   */
  renew: undefined;
  state: 'connecting' | 'connected' | 'failed';
}

/** Watches one peer connection and says when to restart ICE. Never gives up. */
export class IceRecovery extends Emitter<IceRecoveryEvents> {
  /** Both sides notice a loss; one goes ahead, so that their offers do not cross each time. */
  readonly #patienceMs: number;
  #state: IceRecoveryEvents['state'] = 'connecting';
  /** The browser's own word; `#state` is what the user is told. */
  #up = false;
  /** Nothing comes, whatever the browser says. */
  #silent = false;
  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reachable = true;
  #due = false;

  constructor(patienceMs: number) {
    super();
    this.#patienceMs = patienceMs;
    this.#arm(FIRST_MS + patienceMs);
  }

  handleConnectionState(state: RTCPeerConnectionState): void {
    if (state === 'connected') {
      this.#up = true;
      this.#silent = false;
      this.#settle();
    } else if (state === 'disconnected' && this.#up) {
      this.#up = false;
      if (this.#tries === 0) this.#arm(DISCONNECTED_MS + this.#patienceMs);
    } else if (state === 'failed') {
      this.#up = false;
      if (this.#tries === 0) this.#arm(this.#patienceMs);
    }
  }

  /** Packets come, or have stopped to: known long before the browser has its word on it. */
  handleFlow(flows: boolean): void {
    if (flows !== this.#silent) return;
    this.#silent = !flows;
    if (!this.#up) return;
    if (flows) this.#settle();
    else this.#arm(this.#silencePatienceMs);
  }

  /** Offer and answer were exchanged: if the other has gone ahead, that was the restart. */
  handleNegotiated(): void {
    if (!this.#silent || this.#tries > 1) return;
    this.#tries = 1;
    this.#arm(RENEW_MS + this.#silencePatienceMs);
  }

  /** There is another connection now. */
  handleRenewed(): void {
    this.#up = false;
    this.#silent = false;
    this.#arm(RENEWED_MS);
  }

  /** Can signals get through? While they cannot, tries would only pile up. */
  handleReachable(reachable: boolean): void {
    this.#reachable = reachable;
    if (!reachable) return;
    // Only now can the restart be heard of.
    if (this.#silent && this.#tries === 1) this.#arm(RENEW_MS + this.#silencePatienceMs);
    else if (this.#due) this.#try();
  }

  /** The network has changed, or the user asks: do not wait for the timers. */
  restartNow(): void {
    this.#tries = 0;
    this.#try();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.clear();
  }

  get #silencePatienceMs(): number {
    return Math.min(this.#patienceMs, SILENCE_PATIENCE_MS);
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#tries = 0;
    this.#due = false;
    this.#set('connected');
  }

  #arm(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#try(), delay);
  }

  #try(): void {
    if (!this.#up && this.#state === 'connected') this.#set('connecting');
    this.#due = !this.#reachable;
    if (this.#due) return;
    if (this.#silent && this.#tries < 2) {
      const again = this.#tries++ > 0;
      this.#arm(again ? RENEWED_MS : RENEW_MS + this.#silencePatienceMs);
      this.emit(again ? 'renew' : 'restart', undefined);
      return;
    }
    // One that works is restarted in passing: if that breaks it, its state says so and starts the tries.
    if (!this.#up || this.#silent) {
      if (this.#tries >= TRIES_BEFORE_FAILED) this.#set('failed');
      this.#arm(RETRY_MS[this.#tries] ?? LONGEST_RETRY_MS);
      this.#tries++;
    }
    this.emit('restart', undefined);
  }

  #set(state: IceRecoveryEvents['state']): void {
    if (state === this.#state) return;
    this.#state = state;
    this.emit('state', state);
  }
}
