import { Backoff } from '../backoff';
import { ConnectionLost } from '../errors';
import { LIMITS } from '../wire.gen';
import type { MediaState, ParticipantId, View, Want } from '../wire.gen';

/** At most five a second: somebody who drags a window's edge changes every size sixty times. */
const PAUSE_MS = 200;
const DEFAULT_HEIGHT = 360;
const MOST_HEIGHT = 65_535;

/** For an application that does not say what it shows: everything, at a medium size. */
export function wholeView(participants: readonly { id: ParticipantId; media: MediaState }[]): View {
  const wants = participants.flatMap(({ id, media }) =>
    (['screen', 'camera'] as const)
      .filter((source) => media[source])
      .map((source): Want => ({ participant: id, source, height: DEFAULT_HEIGHT, preferred: false })),
  );
  return { receive: 'everything', wants };
}

/** Tells the server what is shown: not too often, the last word always, and anew on each connection. */
export class ViewReport {
  readonly #send: (view: View) => Promise<unknown>;
  readonly #backoff = new Backoff();
  #view: View = { receive: 'everything', wants: [] };
  /** What the server heard last on this connection. */
  #told: string | undefined;
  #ready = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nextAt = 0;

  constructor(send: (view: View) => Promise<unknown>) {
    this.#send = send;
  }

  /** How many videos are shown. */
  get wanted(): number {
    return this.#view.receive === 'audio-only' ? 0 : this.#view.wants.length;
  }

  set(view: View): void {
    this.#view = {
      receive: view.receive,
      wants: view.wants.slice(0, LIMITS.wants).map(({ participant, source, height, preferred }) => ({
        participant,
        source,
        height: Math.min(MOST_HEIGHT, Math.max(1, Math.round(height) || 1)),
        preferred,
      })),
    };
    this.#schedule();
  }

  /** There is somebody to tell, who knows nothing yet; or there is nobody. */
  handleReady(ready: boolean): void {
    this.#ready = ready;
    this.#told = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (ready) this.#schedule();
  }

  close(): void {
    this.handleReady(false);
  }

  #schedule(delay = Math.max(0, this.#nextAt - Date.now())): void {
    if (!this.#ready || this.#timer !== undefined) return;
    if (delay === 0) this.#tell();
    else {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#tell();
      }, delay);
    }
  }

  #tell(): void {
    const text = JSON.stringify(this.#view);
    if (text === this.#told) return;
    this.#told = text;
    this.#nextAt = Date.now() + PAUSE_MS;
    this.#send(this.#view).then(
      () => this.#backoff.reset(),
      (error: unknown) => {
        // With the next connection everything is told anew.
        if (error instanceof ConnectionLost) return;
        if (this.#told === text) this.#told = undefined;
        this.#schedule(PAUSE_MS + this.#backoff.next());
      },
    );
  }
}
