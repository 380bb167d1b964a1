import { Ballots } from './ballots';
import { Chat } from './chat';
import { BUFFERED_BYTES } from './data-channels';
import { encodeFrame } from './data-frame';
import { DetailSampler } from './diagnostics/detail';
import { snapshot } from './diagnostics/snapshot';
import type { Diagnostics } from './diagnostics/types';
import { Emitter } from './emitter';
import { FilesLater } from './files/later';
import { RESERVED_TOPICS } from './files/topic';
import type { FileTransfer, RoomFiles, ShareOptions } from './files/types';
import { HostDesk, trackSource } from './hosting';
import { IceServers } from './ice-server-renewal';
import { fromLevel } from './level';
import { MediaReport } from './media-report';
import { Inbox, Outbox } from './outbox';
import type { Page } from './page';
import { Paths } from './paths';
import { ALL, both, mask, NO_SETTINGS, obey, sameSettings } from './permissions';
import { Presence } from './presence';
import { RemoteSpeaking } from './remote-speaking';
import type { ResumeStore } from './resume-store';
import { Roster } from './roster';
import { wholeView } from './routed/view';
import { SendControl } from './sending/control';
import type { SendLimit } from './sending/types';
import { notJoined } from './signaling';
import type { RoomEvent, Signaling } from './signaling';
import { SpeakingDetector } from './speaking';
import { NO_STATS, StatsSampler } from './stats';
import { KaigiError } from './types';
import type {
  ChatOptions,
  ConnectionStats,
  DataOptions,
  JoinOptions,
  LocalMedia,
  RemoteParticipant,
  Room,
  RoomEvents,
  SignalingState,
  TrackSource,
} from './types';
import { Views } from './views';
import type {
  Breakouts,
  ChatEntry,
  Joined,
  JoinOutcome,
  LeaveReason,
  Permissions,
  Reaction,
  RoomSettings,
  Roster as RosterNews,
  View,
} from './wire.gen';

const STATS_MS = 1_000;
const SPEAKING_MS = 100;
const PRESENCE_MS = 500;

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
  readonly #options: JoinOptions;
  readonly #signaling: Signaling;
  readonly #store: ResumeStore | undefined;
  readonly #page: Page;
  readonly #events = new Emitter<RoomEvents>();
  readonly #roster = new Roster();
  readonly #paths: Paths;
  readonly #views: Views;
  readonly #iceServers: IceServers;
  readonly #outbox: Outbox;
  readonly #inbox = new Inbox();
  readonly #chat: Chat;
  readonly #files: FilesLater;
  readonly hosting: HostDesk;
  readonly polls: Ballots;
  readonly #mediaReport: MediaReport;
  readonly #sampler = new StatsSampler();
  readonly #details = new DetailSampler();
  readonly #sending: SendControl;
  readonly #speaking = new RemoteSpeaking();
  readonly #presence = new Presence();
  readonly #ownVoice = new SpeakingDetector();
  readonly #stop: (() => void)[] = [];
  #joined: Joined | undefined;
  #state: SignalingState = { state: 'reconnecting', attempt: 0, retryAt: 0, serverClosing: false };
  #stats: ConnectionStats = NO_STATS;
  #settings: RoomSettings = NO_SETTINGS;
  #breakouts: Breakouts = { rooms: [], main: [] };
  /** The application says itself what it shows. */
  #ownView = false;

  constructor({ serverUrl, options, media, signaling, store, page, createConnection }: MeetingOptions) {
    this.media = media;
    this.#options = options;
    this.#signaling = signaling;
    this.#store = store;
    this.#page = page;
    this.#paths = new Paths({
      iceTransportPolicy: options.iceTransportPolicy,
      tracks: media.tracks,
      createConnection,
      mediaOf: (id) => this.#roster.get(id)?.media,
      connect: (offer) => signaling.request('media-offer', offer),
      sendView: (view) => signaling.request('view', view),
      // If they are lost, so is what they are about; if they are refused, there was no need.
      disconnect: () => signaling.request('media-close', {}).catch(() => undefined),
      route: () => signaling.request('route', {}).catch(() => undefined),
    });
    this.#views = new Views({
      roster: this.#roster,
      paths: this.#paths,
      speaking: this.#speaking,
      presence: this.#presence,
    });
    this.#sending = new SendControl(media);
    this.#iceServers = new IceServers({
      serverUrl,
      extra: options.iceServers,
      signaling,
      use: (iceServers, sharedPort) => this.#paths.setIceServers(iceServers, sharedPort),
    });
    this.#chat = new Chat(signaling);
    this.#files = new FilesLater({
      paths: this.#paths,
      roster: this.#roster,
      signaling,
      ownId: () => this.id,
    });
    this.hosting = new HostDesk(signaling);
    this.polls = new Ballots(signaling, (votes) => this.#events.emit('votes', votes));
    this.#mediaReport = new MediaReport(signaling, () => mask(media.state, this.permissions));
    this.#outbox = new Outbox((signal) => signaling.request('signal', signal));
    this.#connectParts();
  }

  /** Sets out for the room; what can be done before the server answers is done meanwhile. */
  start(): void {
    this.#signaling.start();
    this.#paths.prepare(this.#iceServers.first);
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
    return this.#views.all;
  }

  get chat(): readonly ChatEntry[] {
    return this.#chat.entries;
  }

  get files(): RoomFiles {
    return this.#files;
  }

  get signaling(): SignalingState {
    return this.#state;
  }

  get stats(): ConnectionStats {
    return this.#stats;
  }

  get sendLimit(): SendLimit | undefined {
    return this.#sending.limited;
  }

  get settings(): RoomSettings {
    return this.#settings;
  }

  get host(): boolean {
    return this.#roster.host;
  }

  get permissions(): Permissions {
    return both(this.#joined?.publish ?? ALL, this.host ? ALL : this.#settings.allowed);
  }

  get hand(): number | undefined {
    return this.#roster.hand;
  }

  get breakouts(): Breakouts {
    return this.#breakouts;
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

  sendChat(text: string, options: ChatOptions = {}): Promise<void> {
    return this.#chat.send(text, options, () => this.id);
  }

  editChat(id: number, text: string): Promise<void> {
    return this.#chat.edit(id, text);
  }

  deleteChat(id: number): Promise<void> {
    return this.#chat.delete(id);
  }

  async raiseHand(raised: boolean): Promise<void> {
    await this.#signaling.request('hand', { raised });
  }

  async react(reaction: Reaction): Promise<void> {
    await this.#signaling.request('react', { reaction });
  }

  async goToBreakout(room: number | undefined): Promise<void> {
    await this.#signaling.request('breakout-move', room === undefined ? {} : { room });
  }

  shareFile(file: Blob, options?: ShareOptions): Promise<FileTransfer> {
    return this.#files.share(file, options);
  }

  sendData(payload: Uint8Array | string, options: DataOptions = {}): void {
    if (this.#state.state === 'closed') throw notJoined();
    const { topic = '', to, ordered = true, maxRetransmits } = options;
    if (topic.startsWith(RESERVED_TOPICS)) {
      throw new KaigiError('bad-request', `Topics that begin with "${RESERVED_TOPICS}" are reserved.`);
    }
    const frame = encodeFrame(topic, payload);
    const ids = to ?? this.participants.filter(({ mediaOnly }) => !mediaOnly).map(({ id }) => id);
    // All checks before the first send: it goes to all of them or to none.
    for (const id of ids) {
      const { name, mediaOnly } = this.#views.get(id) ?? {};
      if (name === undefined) throw new KaigiError('no-such-participant', `There is no participant ${id}.`);
      if (mediaOnly) throw new KaigiError('bad-request', `${name} takes no data messages.`);
      if (this.#paths.bufferedBytes(id) + frame.length > BUFFERED_BYTES) {
        throw new KaigiError(
          'rate-limited',
          `More is sent to ${name} than the connection carries; wait until some of it has arrived.`,
        );
      }
    }
    this.#paths.send(ids, frame, { ordered, maxRetransmits });
  }

  setView(view: View): void {
    this.#ownView = true;
    this.#paths.setView(view);
  }

  reconnectNow(): void {
    this.#signaling.reconnectNow();
  }

  restartIce(participant?: string): void {
    this.#paths.restartIce(participant);
  }

  /** Resolves when those who were here have been sent an offer. */
  offered(): Promise<void> {
    return this.#paths.offered();
  }

  async diagnostics(): Promise<Diagnostics> {
    const found = await Promise.all(this.#paths.connections.map(snapshot));
    return {
      at: Date.now(),
      ...(this.#joined ? { serverVersion: this.#joined.serverVersion } : {}),
      connections: found.filter((one) => one !== undefined),
    };
  }

  async leave(): Promise<void> {
    this.#store?.forget();
    await this.#signaling.leave();
  }

  #connectParts(): void {
    const [signaling, roster, paths, views, page] = [
      this.#signaling,
      this.#roster,
      this.#paths,
      this.#views,
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
      this.media.on('change', () => this.#handleMedia()),
      this.media.on('level', (level) => this.#handleLevel(level)),
      every(STATS_MS, () => void this.#sampleStats()),
      every(PRESENCE_MS, () => this.#pollPresence()),
      every(SPEAKING_MS, () => this.#pollSpeaking()),
    );
    roster.on('connect', ({ participant, firstOffer }) => {
      paths.open(participant, firstOffer);
      views.refresh(participant.id);
    });
    roster.on('disconnect', (id) => {
      paths.close(id);
      this.#outbox.drop(id);
    });
    roster.on('joined', ({ id }) => {
      views.refresh(id);
      const view = views.get(id);
      if (view) this.#events.emit('participant-joined', view);
    });
    roster.on('updated', (participant) => {
      paths.handleConnected(participant);
      this.#presence.handleConnected(participant.id, participant.connected);
      views.refresh(participant.id);
    });
    roster.on('left', ({ participant, reason }) => {
      const view = views.get(participant.id);
      this.#speaking.forget(participant.id);
      this.#presence.forget(participant.id);
      this.#inbox.forget(participant.id);
      views.refresh(participant.id);
      if (view) this.#events.emit('participant-left', { participant: view, reason });
    });
    roster.on('host', (host) => {
      this.#handleMedia();
      this.#events.emit('host', host);
    });
    roster.on('hand', (hand) => this.#events.emit('hand', hand));
    paths.on('signal', ({ to, incarnation, payload }) => this.#outbox.push(to, incarnation, payload));
    paths.on('change', (id) => views.refresh(id));
    paths.on('data', (message) => {
      if (!message.topic.startsWith(RESERVED_TOPICS)) this.#events.emit('data', message);
    });
    // If the network is another one now, the way to the server is dead as well, and says so minutes later.
    paths.on('silent', () => signaling.probe(QUICK_PROBE_MS));
    paths.on('closed', (id) => roster.handlePeerClosed(id));
    this.#speaking.on('change', (id) => views.refresh(id));
    this.#presence.on('change', (id) => views.refresh(id));
    this.#sending.on('limits', (limits) => paths.setPictureLimits(limits));
    this.#sending.on('limited', (limit) => this.#events.emit('send-limit', limit));
    views.on('change', (participants) => {
      if (!this.#ownView) paths.setView(wholeView(participants));
      this.#events.emit('participants', participants);
    });
    page.on('network', () => {
      signaling.probe();
      paths.restartIce();
    });
    page.on('visible', () => signaling.reconnectNow());
    page.on('hide', () => signaling.away());
    page.on('restored', () => signaling.startAnew());
  }

  /** Into a breakout room, or back: as after a join as somebody new. */
  #handleMoved(joined: Joined): void {
    this.#chat.clear();
    this.#breakouts = joined.breakouts;
    this.#events.emit('moved', joined.breakouts);
    this.#enter(joined, 'moved');
  }

  /** In the room, for the first time or again; one may have been sent elsewhere while the connection was lost. */
  #handleJoined(joined: Joined): void {
    const elsewhere = this.#joined !== undefined && joined.breakouts.own !== this.#breakouts.own;
    if (elsewhere) this.#handleMoved(joined);
    else this.#enter(joined, 'connection-lost');
  }

  /** `gone`: why those are who were here before and are not any more. */
  #enter(joined: Joined, gone: LeaveReason): void {
    const before = this.#joined;
    this.#joined = joined;
    const { participant: own, topology, mediaLimits } = joined;
    // Before any track is sent: two open microphones beside each other howl.
    if (!before && joined.sameDevice) void this.media.setMic(false);
    obey(this.media, this.permissions);
    this.#iceServers.announce(joined);
    this.#handleTracks();
    const sameSelf = before?.participant.id === own.id && before.participant.incarnation === own.incarnation;
    const forgotten = before !== undefined && !(sameSelf && joined.outcome === 'resumed');
    this.#paths.handleJoined(own.id, topology, mediaLimits, forgotten);
    this.#roster.handleJoined(joined, gone);
    for (const participant of this.#roster.participants) this.#paths.handleConnected(participant);
    this.#paths.handleOnline(true);
    this.#outbox.handleOnline();
    this.#files.handleJoined(own.id);
    this.#addChat(joined.chat);
    this.#changeChat(joined.chat);
    this.polls.handleJoined(joined.votes);
    this.#setWaiting(joined.waiting);
    this.#setBreakouts(joined.breakouts);
    this.#store?.keep({ id: own.id, token: joined.resumeToken });
    this.#setSettings(joined.settings);
    this.#mediaReport.handleJoined(own.media);
  }

  #handleEvent(event: RoomEvent): void {
    switch (event.event) {
      case 'participant-joined':
        return this.#roster.handleParticipantJoined(event.data);
      case 'participant-updated':
        return this.#roster.handleParticipantUpdated(event.data);
      case 'participant-left':
        return this.#roster.handleParticipantLeft(event.data);
      case 'roster':
        return this.#handleNews(event.data);
      case 'signal': {
        const { from, incarnation, payload } = event.data;
        if (this.#inbox.accept(event.data)) this.#paths.handleSignal(from, incarnation, payload);
        return;
      }
      case 'chat':
        return this.#addChat([event.data]);
      case 'chat-changed':
        return this.#changeChat([event.data]);
      case 'reaction':
        return this.#events.emit('reaction', event.data);
      case 'muted':
        return this.#handleMuted(trackSource(event.data.source), event.data.by);
      case 'waiting':
        return this.#setWaiting(event.data.waiting);
      case 'breakouts':
        return this.#setBreakouts(event.data);
      case 'moved':
        return this.#handleMoved(event.data);
      case 'topology':
        return this.#paths.handleTopology(event.data.mode);
      case 'slots':
        return this.#paths.handleSlots(event.data.slots);
      case 'layers':
        return this.#paths.handleLayers(event.data);
      case 'media-restart':
        return this.#paths.handleMediaRestart();
      case 'speakers':
        return this.#speaking.handleSpeakers(event.data.participants);
      case 'room-updated':
        return this.#setSettings(event.data);
      case 'request-error':
        console.warn('kaigi: a request was refused', event.data);
    }
  }

  /** What has changed in a large room within a moment; our own coming is no news to us. */
  #handleNews({ participants, left, chat }: RosterNews): void {
    for (const participant of participants) this.#roster.handleParticipantUpdated(participant);
    for (const gone of left) this.#roster.handleParticipantLeft(gone);
    const id = this.#joined?.participant.id;
    this.#addChat(chat.filter(({ from, body }) => from !== id || body.type !== 'joined'));
  }

  #handleState(state: SignalingState): void {
    this.#state = state;
    if (state.state === 'reconnecting' || state.state === 'waiting') {
      this.#outbox.handleOffline();
      this.#paths.handleOnline(false);
    } else if (state.state === 'closed') {
      this.#close(state);
    }
    this.#events.emit('signaling', state);
  }

  #close(state: SignalingState & { state: 'closed' }): void {
    // Whoever took our place keeps it, and who was sent away stays away: a reload must not bring us back.
    if (['replaced', 'removed', 'ended'].includes(state.reason)) this.#store?.forget();
    for (const stop of this.#stop.splice(0)) stop();
    this.#iceServers.close();
    this.#mediaReport.close();
    this.#page.close();
    this.#outbox.close();
    this.#files.close();
    this.#paths.closeAll();
    this.#roster.close();
    if (!this.#options.media) this.media.close();
  }

  #handleMedia(): void {
    obey(this.media, this.permissions);
    this.#handleTracks();
    if (!this.media.state.mic && this.#ownVoice.silence()) this.#events.emit('local-speaking', false);
    this.#mediaReport.tell();
  }

  #handleTracks(): void {
    this.#paths.setTracks(this.media.tracks);
    this.#sending.handleMedia();
  }

  #handleLevel(level: number): void {
    if (!this.media.state.mic) return; // on standby: only oneself is told
    if (this.#ownVoice.handleLevel(fromLevel(level), performance.now())) {
      this.#events.emit('local-speaking', this.#ownVoice.speaking);
    }
  }

  #pollSpeaking(): void {
    const listened = this.#roster.participants.map(({ id, media }) => ({
      id,
      mic: media.mic,
      sounds: media.mic ? this.#paths.soundsOf(id) : undefined,
    }));
    if (listened.length > 0) this.#speaking.poll(listened, performance.now());
  }

  #pollPresence(): void {
    const signs = this.#roster.participants.map(({ id, connected }) => ({
      id,
      connected,
      heard: this.#paths.isHeard(id),
    }));
    this.#presence.poll(signs, performance.now());
  }

  async #sampleStats(): Promise<void> {
    const samples = await this.#paths.sample();
    if (this.#state.state === 'closed') return;
    const { participants } = this;
    if (participants.length === 0 && this.#stats.path === 'waiting') return;
    this.#stats = this.#sampler.sample(samples, participants);
    this.#events.emit('stats', this.#stats);
    const detail = this.#details.sample(samples, this.media.tracks, participants, Date.now());
    this.#sending.handleDetail(detail, performance.now());
    this.#events.emit('stats-detail', detail);
  }

  #addChat(lines: readonly ChatEntry[]): void {
    const added = this.#chat.merge(lines);
    this.#files.handleChat(added);
    if (added.length > 0) this.#events.emit('chat', added);
  }

  #changeChat(lines: readonly ChatEntry[]): void {
    const changed = this.#chat.update(lines);
    this.#files.handleChat(changed);
    if (changed.length > 0) this.#events.emit('chat-changed', changed);
  }

  #setSettings(settings: RoomSettings): void {
    if (sameSettings(settings, this.#settings)) return;
    this.#settings = settings;
    this.#handleMedia();
    this.#events.emit('settings', settings);
  }

  #setWaiting(waiting: Joined['waiting']): void {
    if (this.hosting.handleWaiting(waiting)) this.#events.emit('waiting', waiting);
  }

  #setBreakouts(breakouts: Breakouts): void {
    if (this.#breakouts.rooms.length === 0 && breakouts.rooms.length === 0) return;
    this.#breakouts = breakouts;
    this.#events.emit('breakouts', breakouts);
  }

  #handleMuted(source: TrackSource, by: string | undefined): void {
    this.#mediaReport.handleMuted(source);
    if (source === 'mic') void this.media.setMic(false);
    else if (source === 'camera') void this.media.setCamera(false);
    else this.media.stopScreen();
    this.#events.emit('muted', { source, by });
  }
}
