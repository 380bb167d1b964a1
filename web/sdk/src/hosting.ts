import type { Signaling } from './signaling';
import type { Hosting, TrackSource } from './types';
import type { Assignment, RoomChange, Source, WaitingOne } from './wire.gen';

const SOURCES: Record<TrackSource, Source> = {
  mic: 'microphone',
  camera: 'camera',
  screen: 'screen',
  screenAudio: 'screen-audio',
};

/** The wire's name of a source as ours. */
export function trackSource(source: Source): TrackSource {
  const found = (Object.keys(SOURCES) as TrackSource[]).find((own) => SOURCES[own] === source);
  return found ?? 'mic';
}

/** Carries a host's wishes to the server, which decides. */
export class HostDesk implements Hosting {
  readonly #signaling: Pick<Signaling, 'request'>;
  #waiting: readonly WaitingOne[] = [];

  constructor(signaling: Pick<Signaling, 'request'>) {
    this.#signaling = signaling;
  }

  get waiting(): readonly WaitingOne[] {
    return this.#waiting;
  }

  /** Says whether the list is another one now. */
  handleWaiting(waiting: readonly WaitingOne[]): boolean {
    const before = this.#waiting;
    this.#waiting = waiting;
    return before.length > 0 || waiting.length > 0;
  }

  async admit(id?: number): Promise<void> {
    await this.#signaling.request('admit', id === undefined ? {} : { id });
  }

  async turnAway(id: number): Promise<void> {
    await this.#signaling.request('turn-away', { id });
  }

  async mute(source: TrackSource, participant?: string): Promise<void> {
    await this.#signaling.request('mute', {
      source: SOURCES[source],
      ...(participant === undefined ? {} : { participant }),
    });
  }

  async lowerHand(participant: string): Promise<void> {
    await this.#signaling.request('hand', { raised: false, participant });
  }

  async setRole(participant: string, host: boolean): Promise<void> {
    await this.#signaling.request('role', { participant, host });
  }

  async remove(participant: string, { ban = false }: { ban?: boolean } = {}): Promise<void> {
    await this.#signaling.request('remove', { participant, ban });
  }

  async setRoom(change: RoomChange): Promise<void> {
    await this.#signaling.request('room', change);
  }

  async openBreakouts({
    titles,
    people = [],
    minutes,
  }: {
    titles: string[];
    people?: Assignment[];
    minutes?: number;
  }): Promise<void> {
    await this.#signaling.request('breakouts-open', {
      titles,
      people,
      ...(minutes === undefined ? {} : { minutes }),
    });
  }

  async closeBreakouts(): Promise<void> {
    await this.#signaling.request('breakouts-close', {});
  }

  async send(participant: string, room: number | undefined): Promise<void> {
    await this.#signaling.request('breakout-move', {
      participant,
      ...(room === undefined ? {} : { room }),
    });
  }
}
