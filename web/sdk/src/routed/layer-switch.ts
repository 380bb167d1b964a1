/** Another change of the same sender, such as a new offer, may be under way; it is over by then. */
const RETRY_MS = 300;
const TRIES = 5;

/** Pauses and resumes simulcast layers, one change of a sender after the other. */
export class LayerSwitch {
  readonly #wanted = new Map<RTCRtpSender, readonly boolean[]>();
  readonly #busy = new Set<RTCRtpSender>();

  /** `active` has one for each of the sender's layers, lowest first. */
  set(sender: RTCRtpSender, active: readonly boolean[]): void {
    this.#wanted.set(sender, active);
    if (!this.#busy.has(sender)) void this.#apply(sender);
  }

  /** The senders are gone. */
  clear(): void {
    this.#wanted.clear();
  }

  async #apply(sender: RTCRtpSender): Promise<void> {
    this.#busy.add(sender);
    let tries = 0;
    for (;;) {
      const active = this.#wanted.get(sender);
      if (!active) break;
      try {
        const parameters = sender.getParameters();
        parameters.encodings.forEach((encoding, layer) => (encoding.active = active[layer] ?? false));
        await sender.setParameters(parameters);
        if (this.#wanted.get(sender) === active) this.#wanted.delete(sender);
        tries = 0;
      } catch {
        // Layers that go on cost bandwidth, nothing else.
        if (++tries >= TRIES) this.#wanted.delete(sender);
        else await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    this.#busy.delete(sender);
  }
}
