import type { Delivery } from './data-channels';
import type { NamedConnection } from './diagnostics/snapshot';
import { Emitter } from './emitter';
import { Handover } from './handover';
import { Mesh } from './mesh';
import type { MeshOptions } from './mesh';
import type { FirstOffer } from './roster';
import { RoutedSession } from './routed/session';
import { NO_LIMITS } from './sending/limits';
import type { PictureLimits } from './sending/limits';
import { SLOTS } from './slots';
import type { Tracks } from './slots';
import type { Sound } from './speaking';
import type { Sample } from './stats';
import type { DataMessage, PeerPath, TrackSource } from './types';
import type {
  MediaOffer,
  MediaAnswer,
  Layers,
  MediaLimits,
  MediaState,
  Participant,
  ParticipantId,
  SignalPayload,
  Slot,
  Topology,
  VideoSource,
  View,
} from './wire.gen';

const TICK_MS = 200;
/** Two who have not reached each other by now should not wait any longer. */
const FIRST_DIRECT_MS = 5_000;
/** Two who had, and lost each other, may find each other again: a restart and a fresh connection take less. */
const LOST_DIRECT_MS = 10_000;

export interface PathsEvents {
  signal: { to: ParticipantId; incarnation: number; payload: SignalPayload };
  /** Tracks or path of this participant changed. */
  change: ParticipantId;
  data: DataMessage;
  /** There is room again on the way to this participant. */
  drained: ParticipantId;
  /** Nothing comes by one of the ways any more. */
  silent: undefined;
  /** The participant closed its end on purpose. */
  closed: ParticipantId;
}

export interface PathsOptions extends MeshOptions {
  mediaOf: (id: ParticipantId) => MediaState | undefined;
  connect: (offer: MediaOffer) => Promise<MediaAnswer>;
  disconnect: () => void;
  sendView: (view: View) => Promise<unknown>;
  /** Asks the server to route: two cannot reach each other. */
  route: () => void;
}

type Way = 'direct' | 'routed';

/**
 * How media travels: straight to the one other, or by way of the server. When that changes, both ways exist for a
 * while, and each track is shown by the way that delivers it.
 */
export class Paths extends Emitter<PathsEvents> {
  readonly #options: PathsOptions;
  readonly #mesh: Mesh;
  #mode: Topology = 'direct';
  #server: RoutedSession | undefined;
  #limits: MediaLimits = { videoSlots: 12, audioSlots: 4, mostVideoSlots: 49 };
  #ownId: ParticipantId = '';
  /** ICE servers that share the port of the server's media. */
  #sharedPort: readonly string[] = [];
  #online = true;
  #tracks: Tracks;
  #pictureLimits: PictureLimits = NO_LIMITS;
  #view: View = { receive: 'everything', wants: [] };
  readonly #present = new Map<ParticipantId, Participant>();
  /** Direct connections on their way out, by participant. */
  readonly #leavingDirect = new Map<ParticipantId, Handover>();
  /** The connection to the server on its way out. */
  #leavingServer: Handover | undefined;
  /** Since when somebody is out of direct reach, and for how long that may be. */
  readonly #unreached = new Map<ParticipantId, { since: number; patience: number }>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(options: PathsOptions) {
    super();
    this.#options = options;
    this.#tracks = options.tracks;
    const mesh = (this.#mesh = new Mesh(options));
    mesh.on('signal', (signal) => this.emit('signal', signal));
    mesh.on('change', (id) => this.emit('change', id));
    mesh.on('data', (message) => this.emit('data', message));
    mesh.on('drained', (id) => this.emit('drained', id));
    mesh.on('silent', () => this.emit('silent', undefined));
    mesh.on('closed', (id) => this.#handlePeerClosed(id));
    this.#timer = setInterval(() => this.#tick(performance.now()), TICK_MS);
  }

  /** Does ahead of time what can be done while the server is asked for the room. */
  prepare(iceServers: RTCIceServer[]): void {
    this.#mesh.prepare(iceServers);
  }

  /** In the room: comes before anybody is opened. `forgotten`: the server knows nothing of what was before. */
  handleJoined(ownId: ParticipantId, mode: Topology, limits: MediaLimits, forgotten: boolean): void {
    this.#ownId = ownId;
    this.#limits = limits;
    if (forgotten) {
      if (mode === 'routed') this.#server?.handleRestart();
      else this.#closeServer();
    }
    this.handleTopology(mode);
  }

  handleTopology(mode: Topology): void {
    const changed = mode !== this.#mode;
    this.#mode = mode;
    if (mode === 'routed') {
      this.#openServer();
      for (const id of this.#mesh.ids) {
        if (!this.#leavingDirect.has(id)) this.#leavingDirect.set(id, new Handover());
      }
    } else if (changed) {
      this.#leavingDirect.clear();
      if (this.#server) this.#leavingServer = new Handover();
      for (const participant of this.#present.values()) {
        // Any rule will do on which both sides agree.
        this.#openDirect(participant, this.#ownId < participant.id ? 'offer' : 'await');
      }
    }
    this.#announce();
  }

  /** Somebody is here, or begins anew. */
  open(participant: Participant, firstOffer: FirstOffer): void {
    this.#present.set(participant.id, participant);
    if (this.#mode === 'direct') this.#openDirect(participant, firstOffer);
  }

  /** Whatever leads to this participant leads nowhere any more. */
  close(id: ParticipantId): void {
    this.#present.delete(id);
    this.#server?.forget(id);
    this.#closeDirect(id);
  }

  /** Resolves when the first offers that are ours to make are on their way. */
  async offered(): Promise<void> {
    await Promise.all([this.#mesh.offered(), this.#server?.offered]);
  }

  handleSignal(from: ParticipantId, incarnation: number, payload: SignalPayload): void {
    this.#mesh.handleSignal(from, incarnation, payload);
  }

  handleSlots(slots: readonly Slot[]): void {
    this.#server?.handleSlots(slots);
  }

  handleLayers(layers: Layers): void {
    this.#server?.handleLayers(layers);
  }

  handleMediaRestart(): void {
    this.#server?.handleRestart();
  }

  /** Our own signaling works, or does not. */
  handleOnline(online: boolean): void {
    this.#online = online;
    this.#mesh.handleOnline(online);
    this.#server?.handleReachable(online);
  }

  /** The participant's signaling works, or does not. */
  handleConnected(participant: Participant): void {
    if (this.#present.has(participant.id)) this.#present.set(participant.id, participant);
    this.#mesh.handleConnected(participant.id, participant.connected);
  }

  setTracks(tracks: Tracks): void {
    this.#tracks = tracks;
    this.#mesh.setTracks(tracks);
    this.#server?.setTracks(tracks);
  }

  /** What the pictures sent are held to, on every way. */
  setPictureLimits(limits: PictureLimits): void {
    this.#pictureLimits = limits;
    this.#mesh.setLimits(limits);
    this.#server?.setLimits(limits);
  }

  setView(view: View): void {
    this.#view = view;
    this.#mesh.setVideo(view.receive !== 'audio-only');
    this.#server?.setView(view);
  }

  setIceServers(iceServers: RTCIceServer[], sharedPort: readonly string[]): void {
    this.#sharedPort = sharedPort;
    this.#mesh.setIceServers(iceServers);
    this.#server?.setIceServers(iceServers);
  }

  restartIce(id?: ParticipantId): void {
    this.#mesh.restartIce(id);
    this.#server?.restartIce();
  }

  tracksOf(id: ParticipantId): Tracks {
    const [direct, routed] = [this.#mesh.tracksOf(id), this.#server?.tracksOf(id) ?? {}];
    const tracks: Partial<Record<TrackSource, MediaStreamTrack>> = {};
    for (const source of SLOTS) {
      const way = this.#wayOf(id, source, direct, routed);
      const track = way && { direct, routed }[way][source];
      if (track) tracks[source] = track;
    }
    return tracks;
  }

  pathOf(id: ParticipantId): PeerPath {
    const direct = this.#mesh.pathOf(id);
    if (!this.#server) return direct;
    if (!this.#mesh.has(id)) return this.#server.path;
    const directWorks = direct === 'direct' || direct === 'relayed';
    if (this.#server.path !== 'server') return directWorks ? direct : this.#server.path;
    if (!directWorks) return 'server';
    // Both work: what there is to see and hear tells which one is in use.
    const waysInUse = this.#sourcesOf(id).map((source) => this.#way(id, source));
    const inUse: Way = this.#mode === 'direct' ? 'routed' : 'direct';
    return (waysInUse.includes(inUse) ? inUse : this.#mode) === 'direct' ? direct : 'server';
  }

  /** Media of this participant comes, by whichever way. */
  isHeard(id: ParticipantId): boolean {
    return this.#mesh.isHeard(id) || (this.#server?.isHeard(id) ?? false);
  }

  /** The participant's voice as it is now; undefined where we get none of it. */
  soundsOf(id: ParticipantId): readonly Sound[] | undefined {
    // Asking a receiver holds the page up until the thread that plays has answered: not for a whole room.
    return this.#way(id, 'mic') === 'routed'
      ? this.#server?.soundsOf(id)
      : this.#mesh.receiverOf(id, 'mic')?.getSynchronizationSources();
  }

  /** The server holds this picture back, because our network does not carry it. */
  isPaused(id: ParticipantId, source: VideoSource): boolean {
    return this.#way(id, source) !== 'direct' && (this.#server?.isPaused(id, source) ?? false);
  }

  bufferedBytes(id: ParticipantId): number {
    return this.#mesh.bufferedBytes(id) + (this.#server?.bufferedBytes(id) ?? 0);
  }

  /** More may be sent in bulk to this participant. */
  hasRoom(id: ParticipantId): boolean {
    return this.#sendsRouted(id) ? (this.#server?.hasRoom(id) ?? false) : this.#mesh.hasRoom(id);
  }

  send(ids: readonly ParticipantId[], frame: Uint8Array<ArrayBuffer>, delivery: Delivery): void {
    const routed = ids.filter((id) => this.#sendsRouted(id));
    for (const id of ids) if (!routed.includes(id)) this.#mesh.send(id, frame, delivery);
    const everybody = routed.length > 1 && routed.length === this.#present.size;
    if (routed.length > 0) this.#server?.send(routed, frame, delivery, everybody);
  }

  /** A report of each connection. */
  async sample(): Promise<Sample[]> {
    const server = this.#server;
    const [samples, report] = await Promise.all([this.#mesh.sample(), server?.sample()]);
    if (report && server === this.#server) samples.push({ connection: 'server', report });
    return samples;
  }

  /** All connections there are, to be looked at. */
  get connections(): NamedConnection[] {
    const server = this.#server;
    const routed = server ? [{ connection: 'server', path: server.path, peer: server.connection }] : [];
    return [...this.#mesh.connections, ...routed];
  }

  closeAll(): void {
    clearInterval(this.#timer);
    this.#mesh.closeAll();
    this.#server?.close();
    this.#server = undefined;
    this.clear();
  }

  #openDirect(participant: Participant, firstOffer: FirstOffer): void {
    // Where there is one of these, the room is about to be routed.
    if (participant.mediaOnly) return;
    this.#mesh.open(this.#ownId, participant, firstOffer);
    this.#unreached.set(participant.id, { since: performance.now(), patience: FIRST_DIRECT_MS });
  }

  #closeDirect(id: ParticipantId): void {
    this.#leavingDirect.delete(id);
    this.#unreached.delete(id);
    this.#mesh.close(id);
  }

  #openServer(): void {
    if (this.#server) return;
    const { connect, sendView } = this.#options;
    const server = (this.#server = new RoutedSession({
      configuration: this.#mesh.configuration,
      sharedPort: this.#sharedPort,
      limits: this.#limits,
      tracks: this.#tracks,
      pictureLimits: this.#pictureLimits,
      view: this.#view,
      createConnection: (configuration) => this.#mesh.create(configuration),
      connect,
      sendView,
    }));
    server.on('change', (id) => this.emit('change', id));
    server.on('path', () => this.#announce());
    server.on('data', (message) => this.emit('data', message));
    server.on('drained', (id) => this.emit('drained', id));
    server.on('silent', () => this.emit('silent', undefined));
    server.start();
  }

  #closeServer(): void {
    this.#leavingServer = undefined;
    if (!this.#server) return;
    this.#server.close();
    this.#server = undefined;
    this.#options.disconnect();
    this.#announce();
  }

  #handlePeerClosed(id: ParticipantId): void {
    // It has everything by the other way already.
    if (this.#leavingDirect.has(id)) {
      this.#closeDirect(id);
      this.emit('change', id);
    }
    this.emit('closed', id);
  }

  /** By which way this track is to be shown. */
  #way(id: ParticipantId, source: TrackSource): Way | undefined {
    return this.#wayOf(id, source, this.#mesh.tracksOf(id), this.#server?.tracksOf(id) ?? {});
  }

  #wayOf(id: ParticipantId, source: TrackSource, direct: Tracks, routed: Tracks): Way | undefined {
    if (!routed[source]) return direct[source] && 'direct';
    if (!direct[source]) return 'routed';
    // The way of before stays until the other is as good.
    const [mesh, server] = [this.#mesh, this.#server];
    if (this.#mode === 'routed')
      return server?.isSteady(id, source) || !mesh.hasArrived(id, source) ? 'routed' : 'direct';
    return mesh.isSteady(id, source) || !server?.hasArrived(id, source) ? 'direct' : 'routed';
  }

  #sendsRouted(id: ParticipantId): boolean {
    if (!this.#server) return false;
    if (!this.#mesh.has(id)) return true;
    const path = this.#mesh.pathOf(id);
    if (this.#mode === 'direct') return path !== 'direct' && path !== 'relayed';
    // Not before it is sure to be heard, nor ahead of what was sent before.
    return this.#server.isHere(id) && this.#mesh.bufferedBytes(id) === 0;
  }

  #sourcesOf(id: ParticipantId): TrackSource[] {
    const media = this.#options.mediaOf(id);
    return SLOTS.filter((source) => media?.[source]);
  }

  #tick(now: number): void {
    if (this.#mode === 'routed') this.#leaveDirect(now);
    else {
      this.#leaveServer(now);
      this.#watchReach(now);
    }
  }

  #leaveDirect(now: number): void {
    const up = this.#server?.path === 'server';
    for (const [id, handover] of this.#leavingDirect) {
      const complete = this.#sourcesOf(id).every((source) => this.#server?.isSteady(id, source));
      if (!handover.isOver(now, up, complete)) continue;
      this.#closeDirect(id);
      this.emit('change', id);
    }
  }

  #leaveServer(now: number): void {
    if (!this.#leavingServer) return;
    const others = [...this.#present.keys()];
    const up = others.every((id) => ['direct', 'relayed'].includes(this.#mesh.pathOf(id)));
    const complete = others.every((id) =>
      this.#sourcesOf(id).every((source) => this.#mesh.isSteady(id, source)),
    );
    if (this.#leavingServer.isOver(now, up, complete)) this.#closeServer();
  }

  /** Whoever cannot be reached directly is reached by way of the server. */
  #watchReach(now: number): void {
    for (const [id, participant] of this.#present) {
      const path = this.#mesh.pathOf(id);
      const unreached = this.#unreached.get(id);
      if (path === 'direct' || path === 'relayed') {
        this.#unreached.set(id, { since: now, patience: LOST_DIRECT_MS });
      } else if (!this.#online || !participant.connected) {
        // Its network is away, or ours: no other path would help, nor could one be agreed on.
        if (unreached) unreached.since = now;
      } else if (unreached && now - unreached.since >= unreached.patience) {
        unreached.since = now;
        this.#options.route();
      }
    }
  }

  #announce(): void {
    for (const id of this.#present.keys()) this.emit('change', id);
  }
}
