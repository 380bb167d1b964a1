import type { Delivery } from './data-channels';
import type { NamedConnection } from './diagnostics/snapshot';
import { Emitter } from './emitter';
import { Peer } from './peer';
import type { FirstOffer } from './roster';
import { NO_LIMITS } from './sending/limits';
import type { PictureLimits } from './sending/limits';
import type { Tracks } from './slots';
import type { Sample } from './stats';
import type { DataMessage, PeerPath, TrackSource } from './types';
import type { Participant, ParticipantId, SignalPayload } from './wire.gen';

/** Gathering begins with the connection, not with the description (RFC 9429 §3.5.4). */
const CANDIDATE_POOL = 1;

/** What was gathered longer ago may belong to a network that is no more. */
const SPARE_MS = 10_000;

export interface MeshEvents {
  signal: { to: ParticipantId; incarnation: number; payload: SignalPayload };
  /** Tracks or path of this participant's connection changed. */
  change: ParticipantId;
  data: DataMessage;
  /** There is room again on the way to this participant. */
  drained: ParticipantId;
  /** Nothing comes from this participant any more. */
  silent: ParticipantId;
  /** The participant closed its end on purpose. */
  closed: ParticipantId;
}

export interface MeshOptions {
  iceTransportPolicy?: RTCIceTransportPolicy | undefined;
  tracks: Tracks;
  createConnection?: ((configuration: RTCConfiguration) => RTCPeerConnection) | undefined;
}

interface Link {
  peer: Peer;
  incarnation: number;
  connected: boolean;
}

/** One direct connection to each of the others. */
export class Mesh extends Emitter<MeshEvents> {
  readonly #options: MeshOptions;
  readonly #links = new Map<ParticipantId, Link>();
  #iceServers: RTCIceServer[] = [];
  #tracks: Tracks;
  #limits: PictureLimits = NO_LIMITS;
  #video = true;
  #online = true;
  #spare: { connection: RTCPeerConnection; timer: ReturnType<typeof setTimeout> } | undefined;

  constructor(options: MeshOptions) {
    super();
    this.#options = options;
    this.#tracks = options.tracks;
  }

  /**
   * Makes the first connection ahead of time, while the server is asked for the room: it gathers candidates
   * meanwhile.
   */
  prepare(iceServers: RTCIceServer[]): void {
    this.#dropSpare();
    const connection = this.#createFresh(this.#configuration(iceServers));
    this.#spare = { connection, timer: setTimeout(() => this.#dropSpare(), SPARE_MS) };
  }

  /** Begins a connection, in place of any other to the same participant. */
  open(ownId: ParticipantId, { id, incarnation, connected }: Participant, firstOffer: FirstOffer): void {
    this.close(id);
    const peer = new Peer({
      // Any rule will do on which both sides agree whatever they have missed: ids never change.
      polite: ownId > id,
      firstOffer,
      configuration: this.configuration,
      tracks: this.#tracks,
      limits: this.#limits,
      video: this.#video,
      createConnection: (configuration) => this.create(configuration),
    });
    const link: Link = { peer, incarnation, connected };
    this.#links.set(id, link);
    peer.on('signal', (payload) => this.emit('signal', { to: id, incarnation, payload }));
    peer.on('tracks', () => this.emit('change', id));
    peer.on('path', () => this.emit('change', id));
    peer.on('data', ({ topic, payload }) => this.emit('data', { from: id, topic, payload }));
    peer.on('drained', () => this.emit('drained', id));
    peer.on('silent', () => this.emit('silent', id));
    peer.on('closed', () => this.emit('closed', id));
    peer.handleReachable(this.#online && connected);
    peer.start();
  }

  /** Resolves when every first offer that is ours to make is on its way. */
  async offered(): Promise<void> {
    await Promise.all([...this.#links.values()].map(({ peer }) => peer.offered));
  }

  has(id: ParticipantId): boolean {
    return this.#links.has(id);
  }

  /** All to whom there is a connection. */
  get ids(): ParticipantId[] {
    return [...this.#links.keys()];
  }

  close(id: ParticipantId): void {
    this.#links.get(id)?.peer.close();
    this.#links.delete(id);
  }

  closeAll(): void {
    this.#dropSpare();
    for (const id of this.ids) this.close(id);
  }

  handleSignal(from: ParticipantId, incarnation: number, payload: SignalPayload): void {
    const link = this.#links.get(from);
    // One of another incarnation is for, or from, a connection that no longer is.
    if (link?.incarnation === incarnation) link.peer.handleSignal(payload);
  }

  /** Our own signaling works, or does not. */
  handleOnline(online: boolean): void {
    this.#online = online;
    for (const link of this.#links.values()) link.peer.handleReachable(online && link.connected);
  }

  /** The participant's signaling works, or does not. */
  handleConnected(id: ParticipantId, connected: boolean): void {
    const link = this.#links.get(id);
    if (!link) return;
    link.connected = connected;
    link.peer.handleReachable(this.#online && connected);
  }

  setTracks(tracks: Tracks): void {
    this.#tracks = tracks;
    for (const { peer } of this.#links.values()) peer.setTracks(tracks);
  }

  /** What the pictures sent are held to. */
  setLimits(limits: PictureLimits): void {
    this.#limits = limits;
    for (const { peer } of this.#links.values()) peer.setLimits(limits);
  }

  /** Whether pictures are to come. */
  setVideo(wanted: boolean): void {
    this.#video = wanted;
    for (const { peer } of this.#links.values()) peer.setVideo(wanted);
  }

  setIceServers(iceServers: RTCIceServer[]): void {
    this.#iceServers = iceServers;
    for (const { peer } of this.#links.values()) peer.setIceServers(iceServers);
  }

  restartIce(id?: ParticipantId): void {
    for (const [other, { peer }] of this.#links) if (id === undefined || id === other) peer.restartIce();
  }

  tracksOf(id: ParticipantId): Tracks {
    return this.#links.get(id)?.peer.tracks ?? {};
  }

  /** There is a picture to show, or sound to hear. */
  hasArrived(id: ParticipantId, source: TrackSource): boolean {
    return this.#links.get(id)?.peer.hasArrived(source) ?? false;
  }

  /** The same, and for a while without a gap. */
  isSteady(id: ParticipantId, source: TrackSource): boolean {
    return this.#links.get(id)?.peer.isSteady(source) ?? false;
  }

  pathOf(id: ParticipantId): PeerPath {
    return this.#links.get(id)?.peer.path ?? 'connecting';
  }

  receiverOf(id: ParticipantId, source: TrackSource): RTCRtpReceiver | undefined {
    return this.#links.get(id)?.peer.receiver(source);
  }

  /** Something comes from this participant. */
  isHeard(id: ParticipantId): boolean {
    return this.#links.get(id)?.peer.flows ?? false;
  }

  bufferedBytes(id: ParticipantId): number {
    return this.#links.get(id)?.peer.bufferedBytes ?? 0;
  }

  /** More may be sent in bulk. */
  hasRoom(id: ParticipantId): boolean {
    return this.#links.get(id)?.peer.hasRoom ?? false;
  }

  send(id: ParticipantId, frame: Uint8Array<ArrayBuffer>, delivery: Delivery): void {
    this.#links.get(id)?.peer.send(frame, delivery);
  }

  /** A report of each connection. */
  async sample(): Promise<Sample[]> {
    const samples = [...this.#links].map(async ([participant, { peer }]): Promise<Sample | undefined> => {
      try {
        const report = await peer.connection.getStats();
        peer.handleStats(report);
        return { connection: participant, report };
      } catch {
        return undefined; // closed meanwhile
      }
    });
    return (await Promise.all(samples)).filter((sample) => sample !== undefined);
  }

  get connections(): NamedConnection[] {
    return [...this.#links].map(([connection, { peer }]) => ({
      connection,
      path: peer.path,
      peer: peer.connection,
    }));
  }

  /** How connections are made now, those to a server included. */
  get configuration(): RTCConfiguration {
    return this.#configuration(this.#iceServers);
  }

  /** Makes a connection, or takes the one that was made ahead. */
  create(configuration: RTCConfiguration): RTCPeerConnection {
    const spare = this.#spare;
    if (!spare) return this.#createFresh(configuration);
    this.#spare = undefined;
    clearTimeout(spare.timer);
    spare.connection.setConfiguration(configuration);
    return spare.connection;
  }

  #configuration(iceServers: RTCIceServer[]): RTCConfiguration {
    const { iceTransportPolicy } = this.#options;
    return {
      iceServers,
      bundlePolicy: 'max-bundle',
      iceCandidatePoolSize: CANDIDATE_POOL,
      ...(iceTransportPolicy ? { iceTransportPolicy } : {}),
    };
  }

  #createFresh(configuration: RTCConfiguration): RTCPeerConnection {
    return this.#options.createConnection?.(configuration) ?? new RTCPeerConnection(configuration);
  }

  #dropSpare(): void {
    if (!this.#spare) return;
    clearTimeout(this.#spare.timer);
    this.#spare.connection.close();
    this.#spare = undefined;
  }
}
