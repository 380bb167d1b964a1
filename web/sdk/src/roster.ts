import { Emitter } from './emitter';
import type { Joined, LeaveReason, Participant, ParticipantId, ParticipantLeft } from './wire.gen';

/**
 * Who makes the first offer: `offer` for the one who found the other in its snapshot, `await` for the one
 * who was found.
 */
export type FirstOffer = 'offer' | 'await';

export interface RosterEvents {
  /** Somebody new for the user. */
  joined: Participant;
  /** Gone for the user. */
  left: { participant: Participant; reason: LeaveReason };
  /** Something of it changed (and it stays the same participant). */
  updated: Participant;
  /** Its peer connection has to be made, or made anew. Comes after `joined`. */
  connect: { participant: Participant; firstOffer: FirstOffer };
  /** Oneself has become a host, or is not any more. */
  host: boolean;
  /** One's own hand is up since then, or down. */
  hand: number | undefined;
  /** Its peer connection is void. Comes before `left`. */
  disconnect: ParticipantId;
}

interface Entry {
  participant: Participant;
  /** Set while it is missing after a restart of the server: until then it may come back. */
  awaited?: ReturnType<typeof setTimeout>;
}

/** The other participants, over losses of the connection, reloads of pages and restarts of the server. */
export class Roster extends Emitter<RosterEvents> {
  readonly #entries = new Map<ParticipantId, Entry>();
  #own: { id: ParticipantId; incarnation: number; host: boolean; hand: number | undefined } | undefined;

  /** Everyone, in the order they came. */
  get participants(): Participant[] {
    return [...this.#entries.values()]
      .map((entry) => entry.participant)
      .sort((a, b) => a.joinedAt - b.joinedAt || (a.id < b.id ? -1 : 1));
  }

  /** Oneself is a host of the room. */
  get host(): boolean {
    return this.#own?.host ?? false;
  }

  /** When one's own hand was raised, if it is up. */
  get hand(): number | undefined {
    return this.#own?.hand;
  }

  get(id: ParticipantId): Participant | undefined {
    return this.#entries.get(id)?.participant;
  }

  /** `gone`: why those are who were here before and are not any more. */
  handleJoined(
    { outcome, participant: own, participants, resumeSeconds }: Joined,
    gone: LeaveReason = 'connection-lost',
  ): void {
    const before = this.#own;
    this.#own = { id: own.id, incarnation: own.incarnation, host: own.host, hand: own.hand };
    if (before && before.host !== own.host) this.emit('host', own.host);
    if (before && before.hand !== own.hand) this.emit('hand', own.hand);
    const sameSelf = before?.id === own.id && before.incarnation === own.incarnation;
    if (before && !sameSelf) {
      // To the others we are somebody else now: no peer connection of ours is known any more.
      for (const id of this.#entries.keys()) this.emit('disconnect', id);
    }
    const present = new Set(participants.map((participant) => participant.id));
    for (const [id, entry] of [...this.#entries]) {
      if (present.has(id)) continue;
      if (sameSelf && outcome === 'restored') this.#await(entry, resumeSeconds);
      else if (!(sameSelf && entry.awaited)) this.#remove(id, gone);
    }
    for (const participant of participants) {
      if (participant.id === own.id) continue;
      const known = this.get(participant.id);
      // One we know that has started anew offers by itself: it found us in its own snapshot.
      const firstOffer = sameSelf && known ? 'await' : 'offer';
      this.#put(participant, firstOffer, !sameSelf);
    }
  }

  handleParticipantJoined(participant: Participant): void {
    if (participant.id !== this.#own?.id) this.#put(participant, 'await', false);
  }

  handleParticipantUpdated(participant: Participant): void {
    const own = this.#own;
    if (participant.id !== own?.id) return this.#put(participant, 'await', false);
    const { host, hand } = own;
    own.host = participant.host;
    own.hand = participant.hand;
    if (own.host !== host) this.emit('host', own.host);
    if (own.hand !== hand) this.emit('hand', own.hand);
  }

  handleParticipantLeft({ id, reason }: ParticipantLeft): void {
    this.#remove(id, reason);
  }

  /** Its end of the peer connection was closed on purpose: if it was only waited for, it will not come. */
  handlePeerClosed(id: ParticipantId): void {
    if (this.#entries.get(id)?.awaited) this.#remove(id, 'left');
  }

  close(): void {
    for (const entry of this.#entries.values()) clearTimeout(entry.awaited);
    this.#entries.clear();
  }

  #put(participant: Participant, firstOffer: FirstOffer, anew: boolean): void {
    const entry = this.#entries.get(participant.id);
    if (!entry) {
      this.#entries.set(participant.id, { participant });
      this.emit('joined', participant);
      this.emit('connect', { participant, firstOffer });
      return;
    }
    const before = entry.participant;
    if (participant.incarnation < before.incarnation) return; // overtaken by what we know already
    clearTimeout(entry.awaited);
    delete entry.awaited;
    entry.participant = participant;
    const startedAnew = participant.incarnation > before.incarnation;
    // After our own change of identity `disconnect` was said already.
    if (startedAnew && !anew) this.emit('disconnect', participant.id);
    this.emit('updated', participant);
    if (startedAnew || anew) this.emit('connect', { participant, firstOffer });
  }

  #await(entry: Entry, seconds: number): void {
    const { id } = entry.participant;
    if (entry.awaited) return; // the first deadline stands, however often the server restarts
    entry.awaited = setTimeout(() => this.#remove(id, 'connection-lost'), seconds * 1000);
    entry.participant = { ...entry.participant, connected: false };
    this.emit('updated', entry.participant);
  }

  #remove(id: ParticipantId, reason: LeaveReason): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    clearTimeout(entry.awaited);
    this.#entries.delete(id);
    this.emit('disconnect', id);
    this.emit('left', { participant: entry.participant, reason });
  }
}
