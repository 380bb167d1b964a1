import { ChatLog } from './chat-log';
import { ConnectionLost } from './errors';
import type { Signaling } from './signaling';
import { KaigiError } from './types';
import type { ChatOptions } from './types';
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

  /** Takes in how known lines are now; returns those that have changed. */
  update(lines: readonly ChatEntry[]): readonly ChatEntry[] {
    return this.#log.update(lines);
  }

  /** One is in another room now, with a chat of its own. */
  clear(): void {
    this.#log.clear();
  }

  async edit(id: number, text: string): Promise<void> {
    checkLength(text);
    await this.#signaling.request('chat-edit', { id, text });
  }

  async delete(id: number): Promise<void> {
    await this.#signaling.request('chat-delete', { id });
  }

  /** Resolves once the message is in the room, if need be after reconnecting. */
  async send(text: string, { to, replyTo }: ChatOptions, ownId: () => string): Promise<void> {
    checkLength(text);
    const message = {
      text,
      ...(to === undefined ? {} : { to }),
      ...(replyTo === undefined ? {} : { replyTo }),
    };
    const lastBefore = this.entries.at(-1)?.id ?? 0;
    for (;;) {
      await this.#signaling.whenJoined();
      // The connection may have died between the message's arrival and its acknowledgement.
      const arrived = this.entries.some(
        ({ id, from, to: forWhom, body }) =>
          id > lastBefore &&
          from === ownId() &&
          forWhom === to &&
          body.type === 'message' &&
          body.text === text,
      );
      if (arrived) return;
      try {
        await this.#signaling.request('chat', message);
        return;
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
      }
    }
  }
}

function checkLength(text: string): void {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= LIMITS.chatBytes) return;
  throw new KaigiError(
    'too-large',
    `The message has ${bytes} bytes; at most ${LIMITS.chatBytes} are allowed.`,
  );
}
