import type { Signaling } from './signaling';
import type { Polls } from './types';
import type { NewPoll, Vote } from './wire.gen';

/** One's own votes; how polls stand is in the chat. */
export class Ballots implements Polls {
  readonly #signaling: Pick<Signaling, 'request'>;
  readonly #changed: (votes: ReadonlyMap<number, readonly number[]>) => void;
  #votes: ReadonlyMap<number, readonly number[]> = new Map();

  constructor(
    signaling: Pick<Signaling, 'request'>,
    changed: (votes: ReadonlyMap<number, readonly number[]>) => void,
  ) {
    this.#signaling = signaling;
    this.#changed = changed;
  }

  get votes(): ReadonlyMap<number, readonly number[]> {
    return this.#votes;
  }

  handleJoined(votes: readonly Vote[]): void {
    if (votes.length === 0 && this.#votes.size === 0) return;
    this.#set(new Map(votes.map(({ poll, options }) => [poll, options])));
  }

  async ask(poll: NewPoll): Promise<number> {
    return (await this.#signaling.request('poll', poll)).id;
  }

  async vote(poll: number, options: readonly number[]): Promise<void> {
    await this.#signaling.request('vote', { poll, options: [...options] });
    const votes = new Map(this.#votes);
    if (options.length === 0) votes.delete(poll);
    else votes.set(poll, options);
    this.#set(votes);
  }

  async close(poll: number): Promise<void> {
    await this.#signaling.request('poll-close', { poll });
  }

  #set(votes: ReadonlyMap<number, readonly number[]>): void {
    this.#votes = votes;
    this.#changed(votes);
  }
}
