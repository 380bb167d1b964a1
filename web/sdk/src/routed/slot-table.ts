import type { TrackSource } from '../types';
import type { ParticipantId, Slot, Source } from '../wire.gen';

const SOURCES: Record<Source, TrackSource> = {
  microphone: 'mic',
  camera: 'camera',
  screen: 'screen',
  'screen-audio': 'screenAudio',
};

interface Filling {
  participant: ParticipantId;
  source: TrackSource;
  paused: boolean;
}

/** What changed in the table. */
export interface SlotChange {
  participants: ReadonlySet<ParticipantId>;
  /** MIDs of slots that carry another track than before. */
  refilled: readonly string[];
}

/** Whose track is in which slot, as the server says. */
export class SlotTable {
  readonly #slots = new Map<string, Filling>();

  handleSlots(slots: readonly Slot[]): SlotChange {
    const before = new Map(this.#slots);
    this.#slots.clear();
    for (const { mid, participant, source, paused } of slots) {
      if (participant === undefined || source === undefined) continue;
      this.#slots.set(mid, { participant, source: SOURCES[source], paused });
    }
    const participants = new Set<ParticipantId>();
    const refilled: string[] = [];
    for (const mid of new Set([...before.keys(), ...this.#slots.keys()])) {
      const [old, now] = [before.get(mid), this.#slots.get(mid)];
      const sameTrack = old?.participant === now?.participant && old?.source === now?.source;
      if (sameTrack && old?.paused === now?.paused) continue;
      if (old) participants.add(old.participant);
      if (now) participants.add(now.participant);
      if (now && !sameTrack) refilled.push(mid);
    }
    return { participants, refilled };
  }

  /** The slots of another connection begin empty. */
  clear(): SlotChange {
    return this.handleSlots([]);
  }

  /** All who have a slot. */
  get participants(): ReadonlySet<ParticipantId> {
    return new Set([...this.#slots.values()].map(({ participant }) => participant));
  }

  /** The m-line that carries this track, if one does. */
  midOf(participant: ParticipantId, source: TrackSource): string | undefined {
    for (const [mid, filling] of this.#slots) {
      if (filling.participant === participant && filling.source === source) return mid;
    }
    return undefined;
  }

  /** The track has its slot, but does not fit our network for now. */
  isPaused(participant: ParticipantId, source: TrackSource): boolean {
    const mid = this.midOf(participant, source);
    return mid !== undefined && (this.#slots.get(mid)?.paused ?? false);
  }
}
