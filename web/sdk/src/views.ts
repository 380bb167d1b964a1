import { Emitter } from './emitter';
import type { Paths } from './paths';
import type { Presence } from './presence';
import type { RemoteSpeaking } from './remote-speaking';
import type { Roster } from './roster';
import type { RemoteParticipant } from './types';
import type { Participant, ParticipantId } from './wire.gen';

const VIDEOS = ['camera', 'screen'] as const;

export interface ViewsOptions {
  roster: Pick<Roster, 'get' | 'participants'>;
  paths: Pick<Paths, 'tracksOf' | 'pathOf' | 'isPaused'>;
  speaking: Pick<RemoteSpeaking, 'isSpeaking'>;
  presence: Pick<Presence, 'isAway'>;
}

/** The others as the user sees them: a new object for each change of one. */
export class Views extends Emitter<{ change: readonly RemoteParticipant[] }> {
  readonly #options: ViewsOptions;
  readonly #views = new Map<ParticipantId, RemoteParticipant>();
  #all: readonly RemoteParticipant[] = [];
  #announcing = false;

  constructor(options: ViewsOptions) {
    super();
    this.#options = options;
  }

  get all(): readonly RemoteParticipant[] {
    return this.#all;
  }

  get(id: ParticipantId): RemoteParticipant | undefined {
    return this.#views.get(id);
  }

  /** Something about this participant has changed. */
  refresh(id: ParticipantId): void {
    const { roster } = this.#options;
    const participant = roster.get(id);
    if (participant) this.#views.set(id, this.#view(participant));
    else this.#views.delete(id);
    this.#all = roster.participants.flatMap((other) => this.#views.get(other.id) ?? []);
    if (this.#announcing) return;
    // Several changes of one moment are one to the user.
    this.#announcing = true;
    queueMicrotask(() => {
      this.#announcing = false;
      this.emit('change', this.#all);
    });
  }

  #view({
    id,
    name,
    media,
    connected,
    joinedAt,
    host,
    hand,
    mediaOnly,
    identity,
  }: Participant): RemoteParticipant {
    const { paths, speaking, presence } = this.#options;
    return {
      id,
      name,
      media,
      connected,
      away: presence.isAway(id),
      joinedAt,
      host,
      hand,
      mediaOnly: mediaOnly ?? false,
      identity,
      tracks: paths.tracksOf(id),
      videoPaused: Object.fromEntries(
        VIDEOS.filter((source) => paths.isPaused(id, source)).map((source) => [source, 'bandwidth' as const]),
      ),
      path: paths.pathOf(id),
      speaking: speaking.isSpeaking(id),
    };
  }
}
