import { Backoff } from '../backoff';
import { Emitter } from '../emitter';
import { ConnectionLost } from '../errors';
import { Flow, LOOK_MS } from '../flow';
import { IceRecovery } from '../ice-recovery';
import { setTrack, SLOTS } from '../slots';
import type { Tracks } from '../slots';
import { setRemote } from '../start-bitrate';
import { bytesReceived, selectedPair } from '../stats-report';
import type { MediaAnswer, MediaOffer, MediaLimits } from '../wire.gen';
import { ServerChannels } from './channels';
import { addLines, addSlots } from './lines';
import type { Lines } from './lines';
import { needsRelay, without } from './shared-port';

/** What a first attempt has; each further one twice as long: a slow machine or network needs its time. */
const FIRST_ATTEMPT_MS = 5_000;
const LONGEST_ATTEMPT_MS = 40_000;
/** Slots are added by as many at once: each time takes an offer. */
const SLOT_STEP = 6;

export interface ServerLinkOptions {
  configuration: RTCConfiguration;
  /** ICE servers that share the port of the server's media. */
  sharedPort: readonly string[];
  limits: MediaLimits;
  /** What to send. */
  tracks: Tracks;
  createConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  /** Takes an offer to the server. */
  connect: (offer: MediaOffer) => Promise<MediaAnswer>;
}

export interface ServerLinkEvents {
  path: 'connecting' | 'server' | 'failed';
  /** The server has answered an offer: it knows all lines. */
  negotiated: undefined;
  /** A fresh peer connection takes the place of the one before; its slots are empty. */
  renewed: undefined;
  /** A fresh report, five times a second. */
  report: RTCStatsReport;
  /** Nothing comes any more. */
  silent: undefined;
}

/**
 * The server has to be able to tell a connection of this page from one of the page before its reload, and
 * higher numbers replace lower ones.
 */
let lastNumber = Math.floor(Date.now() / 1000) % 2 ** 32;

/**
 * The media connection to the server, over all that may happen to it. We always offer, the server always answers
 * (RFC 9429), at once and with all its candidates: no offers cross, and nothing trickles.
 */
export class ServerLink extends Emitter<ServerLinkEvents> {
  readonly channels = new ServerChannels();
  readonly #options: ServerLinkOptions;
  readonly #recovery = new IceRecovery(0);
  readonly #flow = new Flow();
  readonly #backoff = new Backoff();
  readonly #looks: ReturnType<typeof setInterval>;
  #configuration: RTCConfiguration;
  #sending: Tracks;
  #videoSlots: number;
  #connection: RTCPeerConnection;
  #number = ++lastNumber;
  #lines: Lines = { senders: [], receivers: [] };
  /** Only a relay gets there by UDP. */
  #relayed = false;
  /** An offer of this connection waits for its answer. */
  #busy = false;
  /** An offer has to be made. */
  #due: { restart: boolean } | undefined;
  #wasUp = false;
  /** How long this connection may take to come up, and since when it tries. */
  #patienceMs = FIRST_ATTEMPT_MS;
  #madeAt = performance.now();
  /** An offer did not get through, and signaling is down. */
  #cutOff = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #path: ServerLinkEvents['path'] = 'connecting';

  constructor(options: ServerLinkOptions) {
    super();
    this.#options = options;
    this.#configuration = options.configuration;
    this.#sending = options.tracks;
    this.#videoSlots = options.limits.videoSlots;
    this.#connection = this.#connect();
    this.#recovery.on('restart', () => this.#restart());
    this.#recovery.on('renew', () => this.renew());
    this.#recovery.on('state', (state) => this.#setPath(state === 'connected' ? 'server' : state));
    this.#flow.on('quiet', () => this.channels.provoke());
    this.#flow.on('change', (flows) => {
      this.#recovery.handleFlow(flows);
      if (!flows) this.emit('silent', undefined);
    });
    this.#looks = setInterval(() => void this.#look(), LOOK_MS);
  }

  get connection(): RTCPeerConnection {
    return this.#connection;
  }

  get path(): ServerLinkEvents['path'] {
    return this.#path;
  }

  get lines(): Lines {
    return this.#lines;
  }

  /** The first offer. Apart from the constructor so that listeners can be set. */
  start(): void {
    this.#negotiate();
  }

  /** Leaves the connection for a fresh one. */
  renew(): void {
    clearTimeout(this.#retry);
    this.#connection.close();
    this.#number = ++lastNumber;
    this.#madeAt = performance.now();
    this.#busy = this.#wasUp = this.#cutOff = false;
    this.#connection = this.#connect();
    this.#recovery.handleRenewed();
    this.emit('renewed', undefined);
    this.#negotiate();
  }

  /** Signaling works, or does not. */
  handleReachable(reachable: boolean): void {
    this.#recovery.handleReachable(reachable);
    // What became of the offer that was lost is not known: another connection is sure to be another one.
    if (reachable && this.#cutOff) this.renew();
  }

  /** What to send from now on. Changes no description: a sender without a track sends nothing. */
  setTracks(tracks: Tracks): void {
    const before = this.#sending;
    this.#sending = tracks;
    this.#lines.senders.forEach((transceiver, index) => {
      const source = SLOTS[index];
      if (source && tracks[source] !== before[source]) setTrack(transceiver, tracks[source] ?? null);
    });
  }

  /** Sees to it that so many videos can be received at once, as far as the server allows. */
  ensureVideoSlots(count: number): void {
    const { mostVideoSlots } = this.#options.limits;
    const missing = Math.min(count, mostVideoSlots) - this.#videoSlots;
    if (missing <= 0) return;
    const more = Math.min(Math.ceil(missing / SLOT_STEP) * SLOT_STEP, mostVideoSlots - this.#videoSlots);
    this.#videoSlots += more;
    this.#lines.receivers.push(...addSlots(this.#connection, 'video', more));
    this.#negotiate();
  }

  /** Fresh servers (their credentials expire); used from the next ICE restart on. */
  setIceServers(iceServers: RTCIceServer[]): void {
    this.#configuration = { ...this.#configuration, iceServers };
    this.#connection.setConfiguration(this.#usedConfiguration);
  }

  restartIce(): void {
    // The network may be another one: what is being tried leads nowhere then.
    this.#patienceMs = 0;
    this.#recovery.restartNow();
  }

  close(): void {
    this.clear();
    clearInterval(this.#looks);
    clearTimeout(this.#retry);
    this.#recovery.close();
    this.channels.clear();
    this.#connection.close();
  }

  get #usedConfiguration(): RTCConfiguration {
    if (this.#relayed) return this.#configuration;
    const { iceServers } = this.#configuration;
    return { ...this.#configuration, iceServers: without(iceServers, this.#options.sharedPort) };
  }

  #connect(): RTCPeerConnection {
    const { createConnection, limits } = this.#options;
    const connection = createConnection(this.#usedConfiguration);
    connection.addEventListener('connectionstatechange', () => {
      if (connection !== this.#connection) return;
      const { connectionState } = connection;
      if (connectionState === 'connected') {
        this.#wasUp = true;
        this.#patienceMs = FIRST_ATTEMPT_MS;
        this.#backoff.reset();
      }
      this.#recovery.handleConnectionState(connectionState);
    });
    const slots = { video: this.#videoSlots, audio: limits.audioSlots };
    this.#lines = addLines(connection, this.#sending, slots);
    this.channels.attach(connection);
    return connection;
  }

  #restart(): void {
    if (this.#wasUp && !this.#cutOff) return this.#negotiate(true);
    // ICE of a connection that has never been up has nothing to restart.
    if (performance.now() - this.#madeAt < this.#patienceMs) return;
    this.#patienceMs = Math.min(Math.max(2 * this.#patienceMs, FIRST_ATTEMPT_MS), LONGEST_ATTEMPT_MS);
    this.renew();
  }

  /** Offers what the connection holds; while an answer is awaited, once more after it. */
  #negotiate(restart = false): void {
    this.#due = { restart: restart || (this.#due?.restart ?? false) };
    if (!this.#busy) void this.#exchange(this.#connection);
  }

  async #exchange(connection: RTCPeerConnection): Promise<void> {
    const current = () => connection === this.#connection;
    this.#busy = true;
    try {
      while (this.#due && current()) {
        if (this.#due.restart) connection.restartIce();
        this.#due = undefined;
        await this.#offer(connection);
      }
    } catch (error) {
      if (current() && connection.signalingState !== 'closed') this.#handleRefusal(error);
    }
    if (current()) this.#busy = false;
  }

  async #offer(connection: RTCPeerConnection): Promise<void> {
    const current = () => connection === this.#connection && connection.signalingState !== 'closed';
    await connection.setLocalDescription();
    const sdp = connection.localDescription?.sdp;
    if (sdp === undefined || !current()) return;
    const answer = await this.#options.connect({ connection: this.#number, sdp });
    if (!current()) return;
    await setRemote(connection, 'answer', answer.sdp);
    if (!current()) return;
    this.#askRelay(connection, answer.sdp);
    this.#recovery.handleNegotiated();
    this.emit('negotiated', undefined);
  }

  /** Gathers anew with the relay, where the answer leaves no other way. */
  #askRelay(connection: RTCPeerConnection, answer: string): void {
    if (this.#relayed || !needsRelay(answer)) return;
    this.#relayed = true;
    connection.setConfiguration(this.#usedConfiguration);
    this.#due = { restart: true };
  }

  /** The server did not take the offer: a later one of a fresh connection may fare better. */
  #handleRefusal(error: unknown): void {
    if (error instanceof ConnectionLost) {
      this.#cutOff = true;
      return;
    }
    console.warn('kaigi: the server did not take an offer', error);
    this.#retry = setTimeout(() => this.renew(), this.#backoff.next());
  }

  async #look(): Promise<void> {
    const connection = this.#connection;
    if (connection.connectionState !== 'connected') return;
    try {
      const report = await connection.getStats();
      if (connection !== this.#connection) return;
      this.#flow.look(bytesReceived(report), selectedPair(report)?.roundTripMs ?? 0, performance.now());
      this.emit('report', report);
    } catch {
      // closed meanwhile
    }
  }

  #setPath(path: ServerLinkEvents['path']): void {
    if (path === this.#path) return;
    this.#path = path;
    this.emit('path', path);
  }
}
