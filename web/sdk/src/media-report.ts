import { ConnectionLost } from './errors';
import type { Signaling } from './signaling';
import type { MediaState } from './wire.gen';

/** A refusal (too many requests) is over by then. */
const RETRY_MS = 1_000;

/** Tells the others at once what is on: from the media alone they would learn it a moment late. */
export class MediaReport {
  readonly #signaling: Pick<Signaling, 'request' | 'isJoined'>;
  readonly #state: () => MediaState;
  /** What the server last heard. */
  #told: MediaState | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(signaling: Pick<Signaling, 'request' | 'isJoined'>, state: () => MediaState) {
    this.#signaling = signaling;
    this.#state = state;
  }

  /** The server knows this much by the join; tells what has changed meanwhile. */
  handleJoined(known: MediaState): void {
    this.#told = known;
    this.tell();
  }

  /** The server has turned this off, and knows it. Before it is turned off here. */
  handleMuted(source: keyof MediaState): void {
    if (!this.#told) return;
    this.#told = { ...this.#told, [source]: false, ...(source === 'screen' ? { screenAudio: false } : {}) };
  }

  tell(): void {
    const state = this.#state();
    // Not joined: the next `join` says it.
    if (!this.#signaling.isJoined || !this.#told || sameMedia(state, this.#told)) return;
    const before = this.#told;
    this.#told = state;
    this.#signaling.request('media', state).catch((error: unknown) => {
      if (error instanceof ConnectionLost) return;
      console.warn('kaigi: the media state was refused', error);
      this.#told = before;
      this.#retry = setTimeout(() => this.tell(), RETRY_MS);
    });
  }

  close(): void {
    clearTimeout(this.#retry);
  }
}

function sameMedia(a: MediaState, b: MediaState): boolean {
  return a.mic === b.mic && a.camera === b.camera && a.screen === b.screen && a.screenAudio === b.screenAudio;
}
