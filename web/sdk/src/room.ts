import { ChatLog } from './chat-log';
import { BUFFERED_BYTES } from './data-channels';
import { encodeFrame } from './data-frame';
import { Emitter } from './emitter';
import { ConnectionLost } from './errors';
import { iceServersFor } from './ice-servers';
import type { Announced } from './ice-servers';
import { fromLevel } from './level';
import { Mesh } from './mesh';
import { Inbox, Outbox } from './outbox';
import type { Page } from './page';
import { RemoteSpeaking } from './remote-speaking';
import type { ResumeStore } from './resume-store';
import { Roster } from './roster';
import type { RoomEvent, Signaling } from './signaling';
import { SpeakingDetector } from './speaking';
import { NO_STATS, StatsSampler } from './stats';
import { KaigiError } from './types';
import type {
  ConnectionStats,
  DataOptions,
  JoinOptions,
  LocalMedia,
  RemoteParticipant,
  Room,
  RoomEvents,
  SignalingState,
} from './types';
import { LIMITS } from './wire.gen';
import type { ChatEntry, Joined, JoinOutcome, MediaState, Participant } from './wire.gen';

const STATS_MS = 1_000;
const SPEAKING_MS = 100;
/** A refusal (too many requests) is over by then. */
const RETRY_MEDIA_MS = 1_000;
/** How often it is looked whether TURN's credential is old: the clock goes on while a laptop sleeps, timers do not. */
const TURN_MS = 60_000;

/** How long a live server may take to answer when there is other reason to think that it cannot be reached. */
const QUICK_PROBE_MS = 500;

export interface MeetingOptions {
  serverUrl: string;
  options: JoinOptions;
  media: LocalMedia;
  signaling: Signaling;
  store: ResumeStore | undefined;
  page: Page;
  createConnection?: ((configuration: RTCConfiguration) => RTCPeerConnection) | undefined;
}

/** Ties the parts of a meeting together; the rules are in the parts. */
export class Meeting implements Room {
  readonly media: LocalMedia;
  readonly #serverUrl: string;
  readonly #options: JoinOptions;
  readonly #signaling: Signaling;
  readonly #store: ResumeStore | undefined;
  readonly #page: Page;
  readonly #events = new Emitter<RoomEvents>();
  readonly #roster = new Roster();
  readonly #mesh: Mesh;
  readonly #outbox: Outbox;
  readonly #inbox = new Inbox();
  readonly #chat = new ChatLog();
  readonly #sampler = new StatsSampler();
  readonly #speaking = new RemoteSpeaking();
  readonly #ownVoice = new SpeakingDetector();
  readonly #stop: (() => void)[] = [];
  #joined: Joined | undefined;
  #state: SignalingState = { state: 'reconnecting', attempt: 0, retryAt: 0, serverClosing: false };
  #stats: ConnectionStats = NO_STATS;
  #views = new Map<string, RemoteParticipant>();
  #participants: readonly RemoteParticipant[] = [];
  #announcing = false;
  #announced: Announced | undefined;
  /** When TURN's credential has lived half its time, by the clock. */
  #renewTurnAt = Infinity;
  /** The media state the server last heard. */
  #told: MediaState | undefined;
  /** Those who wait for the connection to be back. */
  #waiting: { resolve: () => void; reject: (error: KaigiError) => void }[] = [];

  constructor({ serverUrl, options, media, signaling, store, page, createConnection }: MeetingOptions) {
    this.media = media;
    this.#serverUrl = serverUrl;
    this.#options = options;
    this.#signaling = signaling;
    this.#store = store;
    this.#page = page;
    this.#mesh = new Mesh({
      iceTransportPolicy: options.iceTransportPolicy,
      tracks: media.tracks,
      createConnection,
    });
    this.#outbox = new Outbox((signal) => signaling.request('signal', signal));
    this.#connectParts();
  }

  /** Sets out for the room; what can be done before the server answers is done meanwhile. */
  start(): void {
    this.#signaling.start();
    this.#mesh.prepare(iceServersFor(this.#serverUrl, this.#options.iceServers));
  }

  get name(): string {
    return this.#joined?.room ?? this.#options.room;
  }

  get id(): string {
    return this.#joined?.participant.id ?? '';
  }

  get displayName(): string {
    return this.#joined?.participant.name ?? this.#options.name;
  }

  get participants(): readonly RemoteParticipant[] {
    return this.#participants;
  }

  get chat(): readonly ChatEntry[] {
    return this.#chat.entries;
  }

  get signaling(): SignalingState {
    return this.#state;
  }

  get stats(): ConnectionStats {
    return this.#stats;
  }

  get sameDevice(): boolean {
    return this.#joined?.sameDevice ?? false;
  }

  get outcome(): JoinOutcome {
    return this.#joined?.outcome ?? 'new';
  }

  on<K extends keyof RoomEvents>(event: K, listener: (argument: RoomEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  /** Resolves once the message is in the room, if need be after reconnecting. */
  async sendChat(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text).length;
    if (bytes > LIMITS.chatBytes) {
      throw new KaigiError(
        'too-large',
        `The message has ${bytes} bytes; at most ${LIMITS.chatBytes} are allowed.`,
      );
    }
    const lastBefore = this.chat.at(-1)?.id ?? 0;
    for (;;) {
      await this.#online();
      // The connection may have died between the message's arrival and its acknowledgement.
      const arrived = this.chat.some(
        ({ id, from, body }) =>
          id > lastBefore && from === this.id && body.type === 'message' && body.text === text,
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

  sendData(payload: Uint8Array | string, options: DataOptions = {}): void {
    if (this.#state.state === 'closed') throw notJoined();
    const { topic = '', to, ordered = true, maxRetransmits } = options;
    const frame = encodeFrame(topic, payload);
    const ids = to ?? this.#participants.map((participant) => participant.id);
    // All checks before the first send: it goes to all of them or to none.
    for (const id of ids) {
      const name = this.#views.get(id)?.name;
      if (name === undefined) throw new KaigiError('no-such-participant', `There is no participant ${id}.`);
      if (this.#mesh.bufferedBytes(id) + frame.length > BUFFERED_BYTES) {
        throw new KaigiError(
          'rate-limited',
          `More is sent to ${name} than the connection carries; wait until some of it has arrived.`,
        );
      }
    }
    for (const id of ids) this.#mesh.send(id, frame, { ordered, maxRetransmits });
  }

  reconnectNow(): void {
    this.#signaling.reconnectNow();
  }

  restartIce(participant?: string): void {
    this.#mesh.restartIce(participant);
  }

  /** Resolves when those who were here have been sent an offer. */
  offered(): Promise<void> {
    return this.#mesh.offered();
  }

  async leave(): Promise<void> {
    this.#store?.forget();
    await this.#signaling.leave();
  }

  #connectParts(): void {
    const [signaling, media, roster, mesh, page] = [
      this.#signaling,
      this.media,
      this.#roster,
      this.#mesh,
      this.#page,
    ];
    const every = (period: number, action: () => void) => {
      const timer = setInterval(action, period);
      return () => clearInterval(timer);
    };
    this.#stop.push(
      signaling.on('joined', (joined) => this.#handleJoined(joined)),
      signaling.on('event', (event) => this.#handleEvent(event)),
      signaling.on('state', (state) => this.#handleState(state)),
      roster.on('connect', ({ participant, firstOffer }) => {
        mesh.open(this.id, participant, firstOffer);
        this.#refresh(participant.id);
      }),
      roster.on('disconnect', (id) => {
        mesh.close(id);
        this.#outbox.drop(id);
      }),
      roster.on('joined', ({ id }) => {
        this.#refresh(id);
        const view = this.#views.get(id);
        if (view) this.#events.emit('participant-joined', view);
      }),
      roster.on('updated', ({ id, connected }) => {
        mesh.handleConnected(id, connected);
        this.#refresh(id);
      }),
      roster.on('left', ({ participant, reason }) => {
        const view = this.#views.get(participant.id);
        this.#speaking.forget(participant.id);
        this.#inbox.forget(participant.id);
        this.#refresh(participant.id);
        if (view) this.#events.emit('participant-left', { participant: view, reason });
      }),
      mesh.on('signal', ({ to, incarnation, payload }) => this.#outbox.push(to, incarnation, payload)),
      mesh.on('change', (id) => this.#refresh(id)),
      mesh.on('data', (message) => this.#events.emit('data', message)),
      // If the network is another one now, the way to the server is dead as well, and says so minutes later.
      mesh.on('silent', () => signaling.probe(QUICK_PROBE_MS)),
      mesh.on('closed', (id) => roster.handlePeerClosed(id)),
      this.#speaking.on('change', (id) => this.#refresh(id)),
      media.on('change', () => this.#handleMedia()),
      media.on('level', (level) => this.#handleLevel(level)),
      page.on('network', () => {
        signaling.probe();
        mesh.restartIce();
      }),
      page.on('visible', () => signaling.reconnectNow()),
      page.on('hide', () => signaling.away()),
      page.on('restored', () => signaling.startAnew()),
      every(STATS_MS, () => void this.#sampleStats()),
      every(SPEAKING_MS, () => this.#pollSpeaking()),
      every(TURN_MS, () => void this.#renewTurn()),
    );
  }

  #handleJoined(joined: Joined): void {
    const first = this.#joined === undefined;
    this.#joined = joined;
    // Before any track is sent: two open microphones beside each other howl.
    if (first && joined.sameDevice) void this.media.setMic(false);
    this.#announce(joined);
    this.#mesh.setTracks(this.media.tracks);
    this.#roster.handleJoined(joined);
    for (const { id, connected } of this.#roster.participants) this.#mesh.handleConnected(id, connected);
    this.#mesh.handleOnline(true);
    this.#outbox.handleOnline();
    this.#addChat(joined.chat);
    this.#store?.keep({ id: joined.participant.id, token: joined.resumeToken });
    this.#told = joined.participant.media;
    this.#tellMedia();
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #announce({ turn, iceServers }: Announced): void {
    this.#announced = { turn, iceServers };
    this.#renewTurnAt = Date.now() + turn.seconds * 500;
    this.#mesh.setIceServers(iceServersFor(this.#serverUrl, this.#options.iceServers, this.#announced));
  }

  /** An ICE restart must not come with a credential that is over. */
  async #renewTurn(): Promise<void> {
    if (Date.now() < this.#renewTurnAt || !this.#announced || !this.#signaling.isJoined) return;
    try {
      this.#announce({ ...this.#announced, turn: await this.#signaling.request('turn', {}) });
    } catch (error) {
      // The next join brings one, or the next try.
      if (!(error instanceof ConnectionLost)) console.warn('kaigi: no new TURN credential', error);
    }
  }

  #handleEvent(event: RoomEvent): void {
    switch (event.event) {
      case 'participant-joined':
        return this.#roster.handleParticipantJoined(event.data);
      case 'participant-updated':
        return this.#roster.handleParticipantUpdated(event.data);
      case 'participant-left':
        return this.#roster.handleParticipantLeft(event.data);
      case 'signal': {
        const { from, incarnation, payload } = event.data;
        if (this.#inbox.accept(event.data)) this.#mesh.handleSignal(from, incarnation, payload);
        return;
      }
      case 'chat':
        return this.#addChat([event.data]);
      case 'request-error':
        console.warn('kaigi: a request was refused', event.data);
    }
  }

  #handleState(state: SignalingState): void {
    this.#state = state;
    if (state.state === 'reconnecting') {
      this.#outbox.handleOffline();
      this.#mesh.handleOnline(false);
    } else if (state.state === 'closed') {
      this.#close(state);
    }
    this.#events.emit('signaling', state);
  }

  #close(state: SignalingState & { state: 'closed' }): void {
    // Whoever took our place keeps it: this tab must not take it back when it is reloaded.
    if (state.reason === 'replaced') this.#store?.forget();
    for (const stop of this.#stop.splice(0)) stop();
    this.#page.close();
    this.#outbox.close();
    this.#mesh.closeAll();
    this.#roster.close();
    if (!this.#options.media) this.media.close();
    for (const { reject } of this.#waiting.splice(0)) reject(state.error ?? notJoined());
  }

  #handleMedia(): void {
    this.#mesh.setTracks(this.media.tracks);
    if (!this.media.state.mic && this.#ownVoice.silence()) this.#events.emit('local-speaking', false);
    this.#tellMedia();
  }

  /** Tells the others at once what is on: from the media alone they would learn it a moment late. */
  #tellMedia(): void {
    const { state } = this.media;
    // Not joined: the next `join` says it.
    if (!this.#signaling.isJoined || !this.#told || sameMedia(state, this.#told)) return;
    const before = this.#told;
    this.#told = state;
    this.#signaling.request('media', state).catch((error: unknown) => {
      if (error instanceof ConnectionLost) return;
      console.warn('kaigi: the media state was refused', error);
      this.#told = before;
      const timer = setTimeout(() => this.#tellMedia(), RETRY_MEDIA_MS);
      this.#stop.push(() => clearTimeout(timer));
    });
  }

  #handleLevel(level: number): void {
    if (this.#ownVoice.handleLevel(fromLevel(level), performance.now())) {
      this.#events.emit('local-speaking', this.#ownVoice.speaking);
    }
  }

  #pollSpeaking(): void {
    if (this.#views.size === 0) return;
    const listened = this.#roster.participants.map(({ id, media }) => ({
      id,
      mic: media.mic,
      receiver: this.#mesh.receiverOf(id, 'mic'),
    }));
    this.#speaking.poll(listened, performance.now());
  }

  async #sampleStats(): Promise<void> {
    const samples = await this.#mesh.sample();
    if (this.#state.state === 'closed') return;
    if (samples.length === 0 && this.#stats.path === 'waiting') return;
    this.#stats = this.#sampler.sample(samples);
    this.#events.emit('stats', this.#stats);
  }

  #addChat(lines: readonly ChatEntry[]): void {
    const added = this.#chat.merge(lines);
    if (added.length > 0) this.#events.emit('chat', added);
  }

  /** Makes the user's view of one participant anew and announces it. */
  #refresh(id: string): void {
    const participant = this.#roster.get(id);
    if (participant) this.#views.set(id, this.#view(participant));
    else this.#views.delete(id);
    this.#participants = this.#roster.participants.flatMap(({ id }) => this.#views.get(id) ?? []);
    if (this.#announcing) return;
    // Several changes of one moment are one to the user.
    this.#announcing = true;
    queueMicrotask(() => {
      this.#announcing = false;
      this.#events.emit('participants', this.#participants);
    });
  }

  #view({ id, name, media, connected, joinedAt }: Participant): RemoteParticipant {
    const tracks = this.#mesh.tracksOf(id);
    const speaking = this.#speaking.isSpeaking(id);
    return { id, name, media, connected, joinedAt, tracks, path: this.#mesh.pathOf(id), speaking };
  }

  #online(): Promise<void> {
    if (this.#state.state === 'closed') return Promise.reject(this.#state.error ?? notJoined());
    if (this.#signaling.isJoined) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }
}

function notJoined(): KaigiError {
  return new KaigiError('not-joined', 'You have left the room.');
}

function sameMedia(a: MediaState, b: MediaState): boolean {
  return a.mic === b.mic && a.camera === b.camera && a.screen === b.screen && a.screenAudio === b.screenAudio;
}
