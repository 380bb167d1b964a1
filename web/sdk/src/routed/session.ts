import { Arrivals } from '../arrivals';
import type { Delivery } from '../data-channels';
import { decodeFrame } from '../data-frame';
import { Emitter } from '../emitter';
import { cameraLayers, screenEncodings } from '../sending/encodings';
import type { PictureLimits } from '../sending/limits';
import { SLOTS } from '../slots';
import type { Tracks } from '../slots';
import type { Sound } from '../speaking';
import type { DataMessage, PeerPath, TrackSource } from '../types';
import type {
  MediaOffer,
  MediaAnswer,
  Layers,
  MediaLimits,
  ParticipantId,
  Slot,
  VideoSource,
  View,
} from '../wire.gen';
import { LayerSwitch } from './layer-switch';
import { ENCODINGS } from './lines';
import { RoutedMessages } from './messages';
import { ServerLink } from './server-link';
import { SlotTable } from './slot-table';
import type { SlotChange } from './slot-table';
import { ViewReport } from './view';

export interface RoutedSessionOptions {
  configuration: RTCConfiguration;
  /** ICE servers that share the port of the server's media. */
  sharedPort: readonly string[];
  limits: MediaLimits;
  tracks: Tracks;
  /** What the pictures sent are held to. */
  pictureLimits: PictureLimits;
  view: View;
  createConnection: (configuration: RTCConfiguration) => RTCPeerConnection;
  connect: (offer: MediaOffer) => Promise<MediaAnswer>;
  sendView: (view: View) => Promise<unknown>;
}

export interface RoutedSessionEvents {
  /** Tracks of this participant came, went, were paused, or began to deliver. */
  change: ParticipantId;
  path: PeerPath;
  data: DataMessage;
  /** There is room again for what is sent in bulk to this participant. */
  drained: ParticipantId;
  /** Nothing comes from the server any more. */
  silent: undefined;
}

/** Our end of a routed room: one connection to the server, which fills its slots with the others' tracks. */
export class RoutedSession extends Emitter<RoutedSessionEvents> {
  readonly #link: ServerLink;
  readonly #slots = new SlotTable();
  readonly #arrivals = new Arrivals();
  readonly #layers = new LayerSwitch();
  readonly #view: ViewReport;
  readonly #messages: RoutedMessages;
  #tracks: Tracks;
  #limits: PictureLimits;
  #offered: () => void = () => undefined;
  /** Resolves when the first offer is on its way. */
  readonly offered = new Promise<void>((resolve) => (this.#offered = resolve));

  constructor(options: RoutedSessionOptions) {
    super();
    const link = (this.#link = new ServerLink({
      ...options,
      connect: (offer) => {
        const answer = options.connect(offer);
        this.#offered();
        return answer;
      },
    }));
    this.#tracks = options.tracks;
    this.#limits = options.pictureLimits;
    this.#limitLayers();
    this.#view = new ViewReport(options.sendView);
    this.#view.set(options.view);
    this.#messages = new RoutedMessages(link.channels);
    link.on('path', (path) => this.emit('path', path));
    link.on('silent', () => this.emit('silent', undefined));
    link.on('negotiated', () => {
      this.#view.handleReady(true);
      this.#announce(this.#slots.participants);
    });
    link.on('renewed', () => {
      this.#view.handleReady(false);
      this.#layers.clear();
      this.#limitLayers();
      this.#arrivals.clear();
      this.#handleSlotChange(this.#slots.clear());
    });
    link.on('report', (report) => {
      if (this.#arrivals.handleReport(report).length > 0) this.#announce(this.#slots.participants);
    });
    link.channels.on('open', () => this.#messages.handleOpen());
    link.channels.on('drained', () => this.#messages.handleDrained());
    link.channels.on('message', ({ data, reliable }) => this.#messages.handleMessage(data, reliable));
    this.#messages.on('drained', (id) => this.emit('drained', id));
    this.#messages.on('message', ({ from, frame }) => {
      const message = decodeFrame(frame.buffer);
      if (message) this.emit('data', { from, ...message });
    });
  }

  start(): void {
    this.#link.ensureVideoSlots(this.#view.wanted);
    this.#link.start();
  }

  get connection(): RTCPeerConnection {
    return this.#link.connection;
  }

  get path(): PeerPath {
    return this.#link.path;
  }

  /** The participant's tracks that have a slot. */
  tracksOf(id: ParticipantId): Tracks {
    const tracks: Partial<Record<TrackSource, MediaStreamTrack>> = {};
    for (const source of SLOTS) {
      const receiver = this.#receiverOf(id, source);
      if (receiver) tracks[source] = receiver.track;
    }
    return tracks;
  }

  /** There is a picture to show, or sound to hear. */
  hasArrived(id: ParticipantId, source: TrackSource): boolean {
    const receiver = this.#receiverOf(id, source);
    return receiver !== undefined && this.#arrivals.has(receiver.track.id);
  }

  /** The same, and for a while without a gap. */
  isSteady(id: ParticipantId, source: TrackSource): boolean {
    const receiver = this.#receiverOf(id, source);
    return receiver !== undefined && this.#arrivals.isSteady(receiver.track.id);
  }

  /** The participant's voice as it was a moment ago; undefined where it has no slot. */
  soundsOf(id: ParticipantId): readonly Sound[] | undefined {
    const receiver = this.#receiverOf(id, 'mic');
    if (!receiver) return undefined;
    const sound = this.#arrivals.sound(receiver.track.id);
    return sound ? [sound] : [];
  }

  /** Something of this participant comes. */
  isHeard(id: ParticipantId): boolean {
    return SLOTS.some((source) => {
      const track = this.#receiverOf(id, source)?.track.id;
      return track !== undefined && this.#arrivals.isFlowing(track);
    });
  }

  isPaused(id: ParticipantId, source: VideoSource): boolean {
    return this.#slots.isPaused(id, source);
  }

  handleSlots(slots: readonly Slot[]): void {
    this.#handleSlotChange(this.#slots.handleSlots(slots));
  }

  handleLayers({ source, active }: Layers): void {
    const sender = this.#link.lines.senders[SLOTS.indexOf(source)]?.sender;
    if (sender) this.#layers.set(sender, active);
  }

  /** The server's end is gone. */
  handleRestart(): void {
    this.#link.renew();
  }

  handleReachable(reachable: boolean): void {
    this.#link.handleReachable(reachable);
    // What the server knows of it may be what came before a loss, or nothing.
    if (reachable && this.#link.connection.remoteDescription) this.#view.handleReady(true);
  }

  /** What to send. */
  setTracks(tracks: Tracks): void {
    this.#tracks = tracks;
    this.#link.setTracks(tracks);
  }

  /** What the pictures sent are held to. */
  setLimits(limits: PictureLimits): void {
    this.#limits = limits;
    this.#limitLayers();
  }

  /** What to receive. */
  setView(view: View): void {
    this.#view.set(view);
    this.#link.ensureVideoSlots(this.#view.wanted);
  }

  setIceServers(iceServers: RTCIceServer[]): void {
    this.#link.setIceServers(iceServers);
  }

  restartIce(): void {
    this.#link.restartIce();
  }

  /** The participant can be reached by data messages. */
  isHere(id: ParticipantId): boolean {
    return this.#messages.isHere(id);
  }

  bufferedBytes(id: ParticipantId): number {
    return this.#messages.waitingBytes(id) + this.#link.channels.bufferedBytes;
  }

  /** More may be sent in bulk. */
  hasRoom(id: ParticipantId): boolean {
    return this.#messages.hasRoom(id);
  }

  send(
    ids: readonly ParticipantId[],
    frame: Uint8Array<ArrayBuffer>,
    { maxRetransmits }: Delivery,
    everybody: boolean,
  ): void {
    this.#messages.send(ids, frame, maxRetransmits === undefined, everybody);
  }

  /** It has left, or begins anew. */
  forget(id: ParticipantId): void {
    this.#messages.forget(id);
  }

  async sample(): Promise<RTCStatsReport | undefined> {
    try {
      return await this.#link.connection.getStats();
    } catch {
      return undefined; // closed meanwhile
    }
  }

  close(): void {
    this.clear();
    this.#view.close();
    this.#layers.clear();
    this.#messages.close();
    this.#link.close();
  }

  #limitLayers(): void {
    for (const source of ['camera', 'screen'] as const) {
      const sender = this.#link.lines.senders[SLOTS.indexOf(source)]?.sender;
      if (!sender) continue;
      const limits =
        source === 'camera'
          ? cameraLayers(ENCODINGS.camera, this.#limits, this.#tracks.camera?.getSettings().height)
          : screenEncodings(ENCODINGS.screen, this.#limits);
      this.#layers.limit(sender, limits);
    }
  }

  #receiverOf(id: ParticipantId, source: TrackSource): RTCRtpReceiver | undefined {
    const mid = this.#slots.midOf(id, source);
    return mid === undefined ? undefined : this.#receiver(mid);
  }

  #receiver(mid: string): RTCRtpReceiver | undefined {
    return this.#link.lines.receivers.find((transceiver) => transceiver.mid === mid)?.receiver;
  }

  #handleSlotChange({ participants, refilled }: SlotChange): void {
    for (const mid of refilled) {
      const track = this.#receiver(mid)?.track.id;
      if (track !== undefined) this.#arrivals.restart(track);
    }
    this.#announce(participants);
  }

  #announce(participants: Iterable<ParticipantId>): void {
    for (const id of participants) this.emit('change', id);
  }
}
