import type { PeerPath, TrackSource } from '../types';

/** What is known of all connections at one moment, once a second. Rates in bit/s, times in ms, shares 0..1. */
export interface StatsDetail {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly connections: readonly ConnectionDetail[];
  /** What comes of the others, whichever connection brings it. */
  readonly received: readonly ReceivedTrack[];
}

/** One peer connection during the last second. */
export interface ConnectionDetail {
  /** The participant at the other end, or `server`. */
  readonly connection: string;
  readonly sendBitrate: number;
  readonly receiveBitrate: number;
  /** Share of packets lost on the way to us. */
  readonly receiveLoss: number;
  /** Share of packets lost on the way from us, as the other end reports. */
  readonly sendLoss: number;
  readonly roundTripMs?: number;
  /** What the browser takes the line to carry from us, where it says so. */
  readonly availableSendBitrate?: number;
  readonly pair?: CandidatePair;
  readonly sent: readonly SentTrack[];
}

/** One stream that is sent: a track, or a simulcast layer of it. */
export interface SentTrack {
  readonly source: TrackSource;
  /** Name of the simulcast layer, where there are several. */
  readonly layer?: string;
  readonly bitrate: number;
  readonly loss: number;
  readonly roundTripMs?: number;
  readonly jitterMs?: number;
  readonly width?: number;
  readonly height?: number;
  readonly framesPerSecond?: number;
  /** What holds the encoder back (W3C webrtc-stats, `qualityLimitationReason`). */
  readonly limitedBy?: 'none' | 'cpu' | 'bandwidth' | 'other';
  readonly codec?: string;
}

/** One track of another participant that comes. */
export interface ReceivedTrack {
  readonly participant: string;
  readonly source: TrackSource;
  readonly connection: string;
  readonly bitrate: number;
  readonly loss: number;
  readonly jitterMs?: number;
  /** How long what comes waits, so that it can be played evenly. */
  readonly bufferMs?: number;
  readonly width?: number;
  readonly height?: number;
  readonly framesPerSecond?: number;
  /** Share of the sound played that was made up, because nothing had come in time; silence not counted. */
  readonly concealed?: number;
  readonly codec?: string;
}

/** The pair of addresses that the media goes by. */
export interface CandidatePair {
  readonly local: Candidate;
  readonly remote: Candidate;
  readonly roundTripMs?: number;
  readonly state: string;
  readonly selected: boolean;
  readonly bytesSent?: number;
  readonly bytesReceived?: number;
}

/** One end of a pair (RFC 8445 §5.1.1). */
export interface Candidate {
  readonly type: 'host' | 'srflx' | 'prflx' | 'relay';
  readonly protocol: 'udp' | 'tcp';
  /** How the relay is reached. */
  readonly relayProtocol?: 'udp' | 'tcp' | 'tls';
  /** Absent where the browser keeps it to itself. */
  readonly address?: string;
  readonly port?: number;
}

/** Everything about the connections of a moment, for a bug report. Passwords and keys are masked. */
export interface Diagnostics {
  readonly at: number;
  readonly serverVersion?: string;
  readonly connections: readonly ConnectionDiagnostics[];
}

export interface ConnectionDiagnostics {
  /** The participant at the other end, or `server`. */
  readonly connection: string;
  readonly path: PeerPath;
  readonly connectionState: RTCPeerConnectionState;
  readonly iceConnectionState: RTCIceConnectionState;
  readonly iceGatheringState: RTCIceGatheringState;
  readonly signalingState: RTCSignalingState;
  readonly pairs: readonly CandidatePair[];
  readonly local?: DescriptionText;
  readonly remote?: DescriptionText;
  /** `getStats` as it is, but for certificates. */
  readonly report: readonly RTCStats[];
}

/** A session description, without its secrets. */
export interface DescriptionText {
  readonly type: RTCSdpType;
  readonly sdp: string;
}
