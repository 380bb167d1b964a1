/** Another change of the same sender, such as a new offer, may be under way; it is over by then. */
const RETRY_MS = 300;
const TRIES = 5;

/** Changes what a sender has; false where there is nothing to change. */
export type ParameterChange = (parameters: RTCRtpSendParameters) => boolean;

/**
 * Changes senders' parameters, one change of a sender after the other: browsers refuse a second one before the first
 * is done (W3C webrtc §5.2, `setParameters`). Of several changes of one name the last counts.
 */
export class ParameterQueue {
  readonly #waiting = new Map<RTCRtpSender, Map<string, ParameterChange>>();
  readonly #busy = new Set<RTCRtpSender>();

  set(sender: RTCRtpSender, name: string, change: ParameterChange): void {
    let changes = this.#waiting.get(sender);
    if (!changes) this.#waiting.set(sender, (changes = new Map<string, ParameterChange>()));
    changes.set(name, change);
    if (!this.#busy.has(sender)) void this.#apply(sender);
  }

  /** The senders are gone. */
  clear(): void {
    this.#waiting.clear();
  }

  async #apply(sender: RTCRtpSender): Promise<void> {
    this.#busy.add(sender);
    let tries = 0;
    for (;;) {
      const changes = this.#waiting.get(sender);
      const [next] = changes ?? [];
      if (!changes || !next) break;
      const [name, change] = next;
      try {
        const parameters = sender.getParameters();
        if (change(parameters)) await sender.setParameters(parameters);
        if (changes.get(name) === change) changes.delete(name);
        tries = 0;
      } catch {
        // Wishes, all of them: what a browser does not do costs bandwidth or a choice, nothing else.
        if (++tries >= TRIES) {
          if (changes.get(name) === change) changes.delete(name);
          tries = 0;
        } else await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    this.#waiting.delete(sender);
    this.#busy.delete(sender);
  }
}
