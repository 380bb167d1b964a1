import { Arrivals } from './arrivals';
import { DataChannels } from './data-channels';
import type { Delivery } from './data-channels';
import type { Frame } from './data-frame';
import { Emitter } from './emitter';
import { Flow, LOOK_MS } from './flow';
import { IceRecovery } from './ice-recovery';
import { Negotiation } from './negotiation';
import type { FirstOffer } from './roster';
import { NO_LIMITS } from './sending/limits';
import type { PictureLimits } from './sending/limits';
import { ParameterQueue } from './sending/parameter-queue';
import {
  addSlots,
  adoptSlots,
  limitSlots,
  receivedTracks,
  receiveVideo,
  setTrack,
  SLOTS,
  tuneSlots,
} from './slots';
import type { Tracks } from './slots';
import { bytesReceived, selectedPair } from './stats-report';
import type { PeerPath, TrackSource } from './types';
import type { SignalPayload } from './wire.gen';

/** The polite side lets the other restart ICE first. */
const POLITE_PATIENCE_MS = 1_000;

export interface PeerOptions {
  polite: boolean;
  firstOffer: FirstOffer;
  configuration: RTCConfiguration;
  /** What to send. */
  tracks: Tracks;
  /** What the pictures sent are held to. */
  limits?: PictureLimits;
  /** Whether pictures are to come. */
  video: boolean;
  createConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
}

export interface PeerEvents {
  /** For the participant at the other end. */
  signal: SignalPayload;
  /** `tracks` changed, or one of them has begun to deliver. */
  tracks: Tracks;
  path: PeerPath;
  data: Frame;
  /** There is room again for what is sent in bulk. */
  drained: undefined;
  /** Nothing comes any more, on a connection that the browser may still call connected. */
  silent: undefined;
  /** The other end has closed the connection on purpose. */
  closed: undefined;
}

/** The direct connection to one participant, over all that may happen to it. */
export class Peer extends Emitter<PeerEvents> {
  readonly #recovery: IceRecovery;
  readonly #flow = new Flow();
  readonly #looks: ReturnType<typeof setInterval>;
  readonly #negotiation: Negotiation;
  readonly #data = new DataChannels();
  readonly #arrivals = new Arrivals();
  readonly #parameters = new ParameterQueue();
  #configuration: RTCConfiguration;
  #sending: Tracks;
  #limits: PictureLimits;
  #video: boolean;
  #transceivers: RTCRtpTransceiver[] = [];
  #tracks: Tracks = {};
  #path: PeerPath = 'connecting';
  #tuned = false;
  #reachable = true;

  constructor(options: PeerOptions) {
    super();
    const { polite, firstOffer, createConnection } = options;
    this.#configuration = options.configuration;
    this.#sending = options.tracks;
    this.#limits = options.limits ?? NO_LIMITS;
    this.#video = options.video;
    this.#recovery = new IceRecovery(polite ? POLITE_PATIENCE_MS : 0);
    this.#negotiation = new Negotiation({
      polite,
      firstOffer,
      connect: () => this.#prepare(createConnection(this.#configuration)),
      prepareOffer: (connection) => {
        this.#transceivers = addSlots(connection, this.#sending);
        this.#data.attach(connection);
      },
      prepareAnswer: (connection) => {
        this.#transceivers = adoptSlots(connection, this.#sending);
        this.#data.attach(connection);
      },
    });
    this.#recovery.on('restart', () => this.#negotiation.restart());
    this.#recovery.on('renew', () => this.#negotiation.renew());
    this.#recovery.on('state', (state) => {
      if (state === 'connected') void this.#readPath();
      else this.#setPath(state);
    });
    this.#flow.on('quiet', () => this.#data.provoke());
    this.#flow.on('change', (flows) => {
      this.#recovery.handleFlow(flows);
      if (!flows) this.emit('silent', undefined);
    });
    this.#looks = setInterval(() => void this.#look(), LOOK_MS);
    this.#negotiation.on('signal', (payload) => this.emit('signal', payload));
    this.#negotiation.on('negotiated', () => this.#handleNegotiated());
    this.#negotiation.on('renewed', () => {
      this.#tuned = false;
      this.#parameters.clear();
      this.#arrivals.clear();
      this.#recovery.handleRenewed();
    });
    this.#data.on('message', (frame) => this.emit('data', frame));
    this.#data.on('drained', () => this.emit('drained', undefined));
    this.#data.on('closed', () => {
      if (this.connection.connectionState !== 'failed') this.emit('closed', undefined);
    });
  }

  get connection(): RTCPeerConnection {
    return this.#negotiation.connection;
  }

  get tracks(): Tracks {
    return this.#tracks;
  }

  get path(): PeerPath {
    return this.#path;
  }

  get bufferedBytes(): number {
    return this.#data.bufferedBytes;
  }

  /** More may be sent in bulk. */
  get hasRoom(): boolean {
    return this.#data.hasRoom;
  }

  /** The receiver of one of the participant's sources, once negotiated. */
  receiver(source: TrackSource): RTCRtpReceiver | undefined {
    return this.#transceivers[SLOTS.indexOf(source)]?.receiver;
  }

  /** There is a picture to show, or sound to hear. */
  hasArrived(source: TrackSource): boolean {
    const track = this.#tracks[source];
    return track !== undefined && this.#arrivals.has(track.id);
  }

  /** Something comes from the participant. */
  get flows(): boolean {
    return this.#flow.flows;
  }

  /** The same, and for a while without a gap. */
  isSteady(source: TrackSource): boolean {
    const track = this.#tracks[source];
    return track !== undefined && this.#arrivals.isSteady(track.id);
  }

  start(): void {
    this.#negotiation.start();
  }

  /** Resolves when our first offer, if it is ours to make, is on its way. */
  get offered(): Promise<void> {
    return this.#negotiation.settled;
  }

  handleSignal(payload: SignalPayload): void {
    this.#negotiation.handleSignal(payload);
  }

  /** Signals get through to the participant, or they do not for now. */
  handleReachable(reachable: boolean): void {
    // Also when they did all along: the participant may have come back over another connection, and what went
    // to the old one is lost.
    if (reachable) this.#negotiation.repeat();
    if (reachable === this.#reachable) return;
    this.#reachable = reachable;
    this.#recovery.handleReachable(reachable);
  }

  /** What to send from now on. Changes no description: a sender without a track sends nothing. */
  setTracks(tracks: Tracks): void {
    const before = this.#sending;
    this.#sending = tracks;
    this.#transceivers.forEach((transceiver, index) => {
      const source = SLOTS[index];
      if (source && tracks[source] !== before[source]) setTrack(transceiver, tracks[source] ?? null);
    });
  }

  /** What the pictures sent are held to from now on. */
  setLimits(limits: PictureLimits): void {
    this.#limits = limits;
    // Before that there is nothing to set: it is done with the rest.
    if (this.#tuned) limitSlots(this.#transceivers, limits, this.#sending, this.#parameters);
  }

  /** Whether pictures are to come: the browser sees to it that the other side is told, by an offer. */
  setVideo(wanted: boolean): void {
    this.#video = wanted;
    receiveVideo(this.#transceivers, wanted);
  }

  /** Fresh servers (their credentials expire); used from the next ICE restart on. */
  setIceServers(iceServers: RTCIceServer[]): void {
    this.#configuration = { ...this.#configuration, iceServers };
    this.connection.setConfiguration(this.#configuration);
  }

  restartIce(): void {
    this.#recovery.restartNow();
  }

  send(frame: Uint8Array<ArrayBuffer>, delivery: Delivery): void {
    this.#data.send(frame, delivery);
  }

  /** A report taken anyway is good for the path too: it may change while connected. */
  handleStats(report: RTCStatsReport): void {
    if (this.connection.connectionState !== 'connected') return;
    const pair = selectedPair(report);
    if (pair) this.#setPath(pair.relayed ? 'relayed' : 'direct');
  }

  close(): void {
    this.clear();
    clearInterval(this.#looks);
    this.#recovery.close();
    this.#data.clear();
    this.#parameters.clear();
    this.#negotiation.close();
  }

  #prepare(connection: RTCPeerConnection): RTCPeerConnection {
    connection.addEventListener('connectionstatechange', () => {
      if (connection === this.connection) this.#recovery.handleConnectionState(connection.connectionState);
    });
    return connection;
  }

  #handleNegotiated(): void {
    this.#recovery.handleNegotiated();
    this.#tracks = receivedTracks(this.#transceivers);
    this.emit('tracks', this.#tracks);
    if (this.#tuned) return;
    this.#tuned = true;
    receiveVideo(this.#transceivers, this.#video);
    tuneSlots(this.#transceivers, this.#parameters);
    limitSlots(this.#transceivers, this.#limits, this.#sending, this.#parameters);
  }

  async #look(): Promise<void> {
    const { connection } = this;
    if (connection.connectionState !== 'connected') return;
    try {
      const report = await connection.getStats();
      if (connection !== this.connection) return;
      this.#flow.look(bytesReceived(report), selectedPair(report)?.roundTripMs ?? 0, performance.now());
      if (this.#arrivals.handleReport(report).length > 0) this.emit('tracks', this.#tracks);
    } catch {
      // closed meanwhile
    }
  }

  async #readPath(): Promise<void> {
    try {
      this.handleStats(await this.connection.getStats());
    } catch {
      // closed meanwhile
    }
  }

  #setPath(path: PeerPath): void {
    if (path === this.#path) return;
    this.#path = path;
    this.emit('path', path);
  }
}
