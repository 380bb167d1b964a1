/** How long the microphone stays open after the last word, for the next one. */
export const openAfterTalkMilliseconds = 60_000;

export interface TalkKeyOptions {
  isOn: () => boolean;
  turn: (on: boolean) => Promise<void>;
  /** Whether the device may stay open while the microphone is off. */
  keepOpen: (keep: boolean) => void;
  /** The key is held, and holds the microphone on. */
  onHolding: (holding: boolean) => void;
  onError: (error: unknown) => void;
}

/**
 * Push-to-talk: the microphone is on while the key is held. Opening a device takes a few hundred milliseconds,
 * which would be the first word of every sentence. So whoever talks this way keeps it open for a minute, muted;
 * then the light goes out as after any other mute.
 */
export class TalkKey {
  readonly #options: TalkKeyOptions;
  #holding = false;
  #closing: ReturnType<typeof setTimeout> | undefined;

  constructor(options: TalkKeyOptions) {
    this.#options = options;
  }

  press(): void {
    // Who is on already is not to be muted by letting go.
    if (this.#holding || this.#options.isOn()) return;
    this.#hold(true);
    clearTimeout(this.#closing);
    this.#options.keepOpen(true);
    this.#options.turn(true).catch((error: unknown) => {
      this.release();
      this.#options.onError(error);
    });
  }

  release(): void {
    if (!this.#holding) return;
    this.#hold(false);
    // Turning off cannot fail; what it reports is that the opening before it did, which was told.
    this.#options.turn(false).catch(() => undefined);
    this.#closing = setTimeout(() => this.#options.keepOpen(false), openAfterTalkMilliseconds);
  }

  stop(): void {
    this.release();
    clearTimeout(this.#closing);
    this.#options.keepOpen(false);
  }

  #hold(holding: boolean): void {
    this.#holding = holding;
    this.#options.onHolding(holding);
  }
}

/** Elements that do something of their own with the space bar, were it only to scroll. */
const takesSpace =
  'button, a[href], input, textarea, select, summary, option, audio, video, iframe, [contenteditable], [tabindex], [role="button"], [role="switch"], [role="menuitem"]';

/**
 * Does the space bar mean nothing else where it was pressed? A button that was clicked keeps the focus without
 * anybody seeing it: there the bar talks, or letting go of it would press "Unmute" once more.
 */
export function spaceIsFree(target: EventTarget | null, focusedByPointer: boolean): boolean {
  if (!(target instanceof Element)) return true;
  const page = target.ownerDocument;
  if (page.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]')) return false;
  if (target instanceof HTMLElement && target.isContentEditable) return false;
  const control = target.closest(takesSpace);
  return control === null || (focusedByPointer && control.tagName === 'BUTTON');
}
