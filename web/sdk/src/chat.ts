import { ChatLog } from './chat-log';
import { ConnectionLost } from './errors';
import type { Signaling } from './signaling';
import { KaigiError } from './types';
import { LIMITS } from './wire.gen';
import type { ChatEntry } from './wire.gen';

/** What was written in the room, and writing to it. */
export class Chat {
  readonly #log = new ChatLog();
  readonly #signaling: Pick<Signaling, 'request' | 'whenJoined'>;

  constructor(signaling: Pick<Signaling, 'request' | 'whenJoined'>) {
    this.#signaling = signaling;
  }

  get entries(): readonly ChatEntry[] {
    return this.#log.entries;
  }

  /** Takes lines in; returns those that are new. */
  merge(lines: readonly ChatEntry[]): readonly ChatEntry[] {
    return this.#log.merge(lines);
  }

  /** Resolves once the message is in the room, if need be after reconnecting. */
  async send(text: string, ownId: () => string): Promise<void> {
    const bytes = new TextEncoder().encode(text).length;
    if (bytes > LIMITS.chatBytes) {
      throw new KaigiError(
        'too-large',
        `The message has ${bytes} bytes; at most ${LIMITS.chatBytes} are allowed.`,
      );
    }
    const lastBefore = this.entries.at(-1)?.id ?? 0;
    for (;;) {
      await this.#signaling.whenJoined();
      // The connection may have died between the message's arrival and its acknowledgement.
      const arrived = this.entries.some(
        ({ id, from, body }) =>
          id > lastBefore && from === ownId() && body.type === 'message' && body.text === text,
      );
      if (arrived) return;
      try {
        await this.#signaling.request('chat', { text });
        return;
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
      }
    }
  }
}
