import type { Diagnostics, StatsDetail } from './diagnostics/types';
import type { SendLimit, SendQuality } from './sending/types';
import type { FileTransfer, RoomFiles, ShareOptions } from './files/types';
import type {
  ChatEntry,
  ErrorCode,
  Assignment,
  Breakouts,
  LeaveReason,
  MediaState,
  NewPoll,
  Permissions,
  Reaction,
  RoomChange,
  RoomSettings,
  VideoSource,
  View,
  WaitingOne,
} from './wire.gen';

/** How `joinRoom` enters a room. */
export interface JoinOptions {
  /** Room name as typed or linked; the server normalizes it. */
  room: string;
  /** Display name. */
  name: string;
  /** Local tracks to send from the start; either may be missing. Made by `LocalMedia`. */
  media?: LocalMedia;
  /** Key for opening rooms, where the server asks for one (`--create-key`). */
  createKey?: string;
  /** The room's password, where its host has set one. */
  password?: string;
  /** An access token (JWT) of the application that sends this participant here. */
  token?: string;
  /** STUN/TURN servers besides the ones of the Kaigi server itself. */
  iceServers?: RTCIceServer[];
  /** `relay` never talks directly; default `all`. */
  iceTransportPolicy?: RTCIceTransportPolicy;
  /** Remember the participant in `sessionStorage`, so that a reload of this page resumes it. Default true. */
  persist?: boolean;
  /** Socket.IO transports, for networks and tests that need one of them. */
  transports?: ('polling' | 'websocket')[];
  /** The hosts let people in one by one, and one waits; the join goes on when they have. */
  onWaiting?: () => void;
  signal?: AbortSignal;
}

/** A refusal or failure, with a code for programs and an English message for people. */
export class KaigiError extends Error {
  readonly code: ErrorCode | ClientErrorCode;
  constructor(code: ErrorCode | ClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KaigiError';
    this.code = code;
  }
}

/** What can go wrong on this side of the wire. */
export type ClientErrorCode =
  | 'server-unreachable'
  | 'timeout'
  | 'turned-away'
  | 'aborted'
  /** Everybody left the room before somebody let one in who waited. */
  | 'room-over'
  | 'insecure-context'
  | 'permission-denied'
  | 'permission-denied-by-system'
  | 'device-not-found'
  | 'device-busy'
  | 'screen-share-cancelled'
  | 'screen-share-unsupported'
  | 'media-failed'
  /** Whoever shared the file has left or reloaded the page. */
  | 'file-gone'
  | 'file-changed'
  | 'file-withdrawn'
  | 'file-corrupt'
  | 'file-stalled'
  | 'file-not-stored'
  | 'file-too-large'
  | 'too-many-files';

/** One participant's slot for one kind of media. */
export type TrackSource = 'mic' | 'camera' | 'screen' | 'screenAudio';

/** State of the signaling connection to the server. */
export type SignalingState =
  | { state: 'connected'; transport: 'websocket' | 'polling' }
  /** Lost; the next try is at `retryAt` (ms since epoch). Peer-to-peer media may well go on. */
  | { state: 'reconnecting'; attempt: number; retryAt: number; serverClosing: boolean }
  /** In front of the room, until a host lets one in. */
  | { state: 'waiting' }
  /** `ended`: the meeting was ended for all. `banned`: one was removed and may not come back while the room is open. */
  | {
      state: 'closed';
      reason: 'left' | 'replaced' | 'removed' | 'ended' | 'refused';
      banned?: boolean;
      error?: KaigiError;
    };

/** How media travels to and from one participant; `server`: through the server's SFU, which can decrypt it. */
export type PeerPath = 'connecting' | 'direct' | 'relayed' | 'server' | 'failed';

/** The others, as this room sees them. A new object whenever anything changes. */
export interface RemoteParticipant {
  readonly id: string;
  readonly name: string;
  readonly media: MediaState;
  /** False while its signaling connection is lost. */
  readonly connected: boolean;
  /** Nothing has come from it for more than ten seconds. Its place is kept for some more; there is nothing to show. */
  readonly away: boolean;
  readonly joinedAt: number;
  /** May change the room's settings and what others may do. */
  readonly host: boolean;
  /** Its hand is up since then (ms since epoch; who raised it first has the smaller number). */
  readonly hand: number | undefined;
  /** Sends media and takes part in nothing else (WHIP): reads no chat, takes no data messages. */
  readonly mediaOnly: boolean;
  /** Who it is in the words of the application that sent it here: the `sub` of its access token. */
  readonly identity: string | undefined;
  /**
   * Live tracks by source; present once negotiated, whether or not media flows: use `media` for that. In a routed
   * room: of what the server sends us (`setView`), and one and the same track may be another's a moment later.
   */
  readonly tracks: Readonly<Partial<Record<TrackSource, MediaStreamTrack>>>;
  /** Pictures that are held back, and why: `bandwidth` when our network does not carry them. */
  readonly videoPaused: Readonly<Partial<Record<VideoSource, 'bandwidth'>>>;
  readonly path: PeerPath;
  readonly speaking: boolean;
}

/** Sampled once a second over all peer connections. Rates in bit/s, times in ms, loss 0..1. */
export interface ConnectionStats {
  path: 'waiting' | PeerPath;
  /** Transport protocol of the selected pair, `udp` or `tcp`, where known. */
  protocol?: string;
  /** TURN relays it, on the way to the other or to the server. */
  relayed?: boolean;
  sendBitrate: number;
  receiveBitrate: number;
  /** Share of packets lost on the way to us during the last second. */
  receiveLoss: number;
  /** Share of packets lost on the way from us, as the others report. */
  sendLoss: number;
  roundTripMs?: number;
  /** Received video of the largest picture: for display. */
  video?: { width: number; height: number; framesPerSecond: number; codec?: string };
  /** What comes of each of the others, by participant and source; tracks of which nothing comes are not there. */
  received: Readonly<Record<string, Readonly<Partial<Record<TrackSource, TrackStats>>>>>;
}

/** One track that is received, as it was during the last second. Rates in bit/s, loss 0..1. */
export interface TrackStats {
  bitrate: number;
  /** Share of its packets that were lost on the way to us. */
  loss: number;
  /** Of a picture, where the browser tells. */
  framesPerSecond?: number;
  width?: number;
  height?: number;
}

/** The events of a room, each with its one argument. */
export interface RoomEvents {
  /** Any of `participants` changed (came, left, media, tracks, path, speaking). */
  participants: readonly RemoteParticipant[];
  'participant-joined': RemoteParticipant;
  'participant-left': { participant: RemoteParticipant; reason: LeaveReason };
  /** A new line, or lines, of the chat; `chat` of the room holds all. */
  chat: readonly ChatEntry[];
  /** Lines that are another than before: edited, taken back, voted on. */
  'chat-changed': readonly ChatEntry[];
  /** How one has voted. */
  votes: ReadonlyMap<number, readonly number[]>;
  /** Somebody, perhaps oneself, shows a sign. */
  reaction: { from: string; reaction: Reaction };
  signaling: SignalingState;
  stats: ConnectionStats;
  /** With `stats`: the same by connection and track, for plots. */
  'stats-detail': StatsDetail;
  /** Less of one's own picture is sent than chosen, or no longer. */
  'send-limit': SendLimit | undefined;
  /** The room's settings changed. */
  settings: RoomSettings;
  /** One has become a host of the room, or is not any more. */
  host: boolean;
  /** One's own hand is up since then, or down. */
  hand: number | undefined;
  /** A host has turned this off, or without `by` the application that the room belongs to; it is off already. */
  muted: { source: TrackSource; by: string | undefined };
  /** Who waits to be let in; for hosts. */
  waiting: readonly WaitingOne[];
  /** The breakout rooms opened, closed, or somebody is in another one now. */
  breakouts: Breakouts;
  /** Oneself is in another of the breakout rooms, or back: participants and chat are those there. Comes before their events. */
  moved: Breakouts;
  /** The own speaking state changed. */
  'local-speaking': boolean;
  /** A data message of another participant. */
  data: DataMessage;
}

export interface DataMessage {
  from: string;
  /** The application's own label for the kind of message. */
  topic: string;
  payload: Uint8Array;
}

/** Delivery of a data message. Default: ordered and reliable. */
export interface DataOptions {
  topic?: string;
  /** Only to these participants; default all. */
  to?: string[];
  ordered?: boolean;
  /** Give up after this many retransmissions; absent: never. */
  maxRetransmits?: number;
}

/** For whom a message is, and what it answers. */
export interface ChatOptions {
  /** Only for this participant. */
  to?: string | undefined;
  /** The number of the line it answers. */
  replyTo?: number | undefined;
}

/** Questions to all, which stand in the chat. */
export interface Polls {
  /** How one has voted, by the poll's number in the chat. */
  readonly votes: ReadonlyMap<number, readonly number[]>;
  /** Resolves with the poll's number in the chat. */
  ask(poll: NewPoll): Promise<number>;
  /** Chooses options, counted from 0, or chooses otherwise; none takes the vote back. */
  vote(poll: number, options: readonly number[]): Promise<void>;
  /** Ends one's own poll, or as a host anybody's. */
  close(poll: number): Promise<void>;
}

/** What hosts do with people. Everything rejects with `not-host` for others. */
export interface Hosting {
  /** Who waits to be let in. */
  readonly waiting: readonly WaitingOne[];
  /** Lets in one who waits, or all. */
  admit(id?: number): Promise<void>;
  turnAway(id: number): Promise<void>;
  /** Turns this of one participant off, or of all who are not hosts. Nobody's is ever turned on. */
  mute(source: TrackSource, participant?: string): Promise<void>;
  lowerHand(participant: string): Promise<void>;
  /** Makes somebody a host, or no host any more. */
  setRole(participant: string, host: boolean): Promise<void>;
  /** Sends a participant away; with a ban it may not come back while the room is open. */
  remove(participant: string, options?: { ban?: boolean }): Promise<void>;
  /** Changes the room's settings. `password: null` takes the password away. */
  setRoom(change: RoomChange): Promise<void>;
  /** Opens breakout rooms and sends people there; those who are not named stay. Called again: others in their place. */
  openBreakouts(plan: { titles: string[]; people?: Assignment[]; minutes?: number }): Promise<void>;
  /** Calls everybody back. */
  closeBreakouts(): Promise<void>;
  /** Sends somebody to a breakout room, or back to the room itself. */
  send(participant: string, room: number | undefined): Promise<void>;
}

/** A room one is in. Made by `joinRoom`. */
export interface Room {
  readonly name: string;
  readonly id: string;
  readonly displayName: string;
  readonly media: LocalMedia;
  readonly participants: readonly RemoteParticipant[];
  readonly chat: readonly ChatEntry[];
  readonly signaling: SignalingState;
  readonly stats: ConnectionStats;
  /** Why less of one's own picture is sent than `media.quality` allows; undefined while it is not so. */
  readonly sendLimit: SendLimit | undefined;
  /** What the hosts have set: nobody new may come in, a password is asked for, what others may do, … */
  readonly settings: RoomSettings;
  /** Oneself may do what `hosting` offers. */
  readonly host: boolean;
  readonly hosting: Hosting;
  /** What oneself may do: for hosts everything. What is not allowed is turned off and stays off. */
  readonly permissions: Permissions;
  /** One's own hand is up since then (ms since epoch). */
  readonly hand: number | undefined;
  readonly polls: Polls;
  readonly breakouts: Breakouts;
  /** Another participant of this room is the same browser; the microphone was not switched on because of it. */
  readonly sameDevice: boolean;
  /** new, resumed (after a reload) or restored (after a server restart). */
  readonly outcome: 'new' | 'resumed' | 'restored';
  on<K extends keyof RoomEvents>(event: K, listener: (argument: RoomEvents[K]) => void): () => void;
  /** Resolves once the message is in the room, if need be after reconnecting. */
  sendChat(text: string, options?: ChatOptions): Promise<void>;
  /** Gives one's own message another text. */
  editChat(id: number, text: string): Promise<void>;
  /** Takes back one's own message, or as a host anybody's. */
  deleteChat(id: number): Promise<void>;
  raiseHand(raised: boolean): Promise<void>;
  /** Shows a sign to all. */
  react(reaction: Reaction): Promise<void>;
  /** Goes to a breakout room, or back to the room itself. */
  goToBreakout(room: number | undefined): Promise<void>;
  /** Topics that begin with `kaigi.` are reserved. */
  sendData(payload: Uint8Array | string, options?: DataOptions): void;
  /** The files in the chat, and what has come of them. */
  readonly files: RoomFiles;
  /** Puts a file into the chat, for all or for one: `files.share`. */
  shareFile(file: Blob, options?: ShareOptions): Promise<FileTransfer>;
  /**
   * What of the others is shown, and how large, for rooms whose media goes through the server: it sends that and
   * no more. May be called as often as the layout changes. Without it every picture is sent at a medium size.
   */
  setView(view: View): void;
  /** Try to reconnect now instead of at `retryAt`. */
  reconnectNow(): void;
  /** Restart ICE with one participant or with all, and with the server. */
  restartIce(participant?: string): void;
  /** Everything about the connections as they are now, for a bug report; passwords and keys are masked. */
  diagnostics(): Promise<Diagnostics>;
  leave(): Promise<void>;
}

/** Processing the browser applies to the microphone. */
export interface AudioProcessing {
  echoCancellation: boolean;
  noiseSuppression: boolean;
  autoGainControl: boolean;
}

/** How `createLocalMedia` begins; nothing is opened before it is asked for. */
export interface LocalMediaOptions {
  /** Devices of last time; one that is gone is replaced by the browser's choice. */
  micDevice?: string | undefined;
  cameraDevice?: string | undefined;
  /** Default: all on. */
  processing?: Partial<AudioProcessing> | undefined;
  /** How pictures are sent. Default: as well as camera and network can. */
  quality?: SendQuality | undefined;
}

export interface LocalMediaEvents {
  /** Any property of the `LocalMedia` changed. */
  change: undefined;
  /** A device in use went away. `fallback` is the label of the one now used, if any. */
  'device-lost': { kind: 'mic' | 'camera'; label: string; fallback?: string };
  /** Sharing ended by the browser's own button or by the shared window closing. */
  'screen-ended': undefined;
  /** The microphone's level, 0..1, about 20 times a second while the microphone is on, or open on standby. */
  level: number;
  /** One talks, for about a second now, while the microphone is off and open on standby. Once for each time. */
  'muted-speech': undefined;
}

/**
 * One's own devices and tracks: usable before joining (pre-join preview) and during the meeting.
 * Turning a device off stops its track, so that its light goes out; turning it on asks for it anew.
 * A microphone on standby is the exception, for those who ask for it.
 * Every method that opens a device rejects with a `KaigiError` and leaves the rest as it was.
 */
export interface LocalMedia {
  readonly state: MediaState;
  readonly tracks: Readonly<Partial<Record<TrackSource, MediaStreamTrack>>>;
  readonly devices: readonly MediaDeviceInfo[];
  readonly micDevice: string | undefined;
  /**
   * The microphone is on and has delivered nothing at all for ten seconds, not even noise: a switch on it or the
   * system mutes it, or it is dead.
   */
  readonly micSilent: boolean;
  readonly cameraDevice: string | undefined;
  readonly processing: AudioProcessing;
  readonly quality: SendQuality;
  on<K extends keyof LocalMediaEvents>(
    event: K,
    listener: (argument: LocalMediaEvents[K]) => void,
  ): () => void;
  setMic(on: boolean): Promise<void>;
  /**
   * On standby the microphone stays open when it is turned off, and its light on: nothing of it is sent, `level` and
   * `muted-speech` tell what it hears, and turning it on takes no time. Standby opens no device by itself; ending it
   * while the microphone is off releases it.
   */
  setMicStandby(standby: boolean): void;
  setCamera(on: boolean): Promise<void>;
  setMicDevice(deviceId: string): Promise<void>;
  setCameraDevice(deviceId: string): Promise<void>;
  setProcessing(processing: Partial<AudioProcessing>): Promise<void>;
  /** Takes the place of the whole choice of before; applies at once, to the open camera and to every connection. */
  setQuality(quality: SendQuality): Promise<void>;
  startScreen(): Promise<void>;
  stopScreen(): void;
  refreshDevices(): Promise<void>;
  /** Stops everything. */
  close(): void;
}
