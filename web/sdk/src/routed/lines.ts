import { kindOf, SLOTS } from '../slots';
import type { Tracks } from '../slots';
import type { TrackSource } from '../types';

/**
 * Lowest first. What a viewer needs less of than this it gets less of: the server forwards the layer that fits
 * the viewer's tile and network.
 */
export const ENCODINGS: Record<TrackSource, RTCRtpEncodingParameters[]> = {
  mic: [{ priority: 'high', networkPriority: 'high' }],
  camera: [
    { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
    { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 500_000 },
    { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_700_000 },
  ],
  screen: [
    { rid: 'q', scaleResolutionDownBy: 2, maxBitrate: 500_000 },
    { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 2_500_000 },
  ],
  screenAudio: [{ maxBitrate: 128_000 }],
};

/** The m-lines of the connection to the server: one for each of our sources, and slots to receive in. */
export interface Lines {
  /** In the order of `SLOTS`. */
  senders: RTCRtpTransceiver[];
  receivers: RTCRtpTransceiver[];
}

/** Adds the m-lines of a first offer, in the order the server expects: what we send, video slots, audio slots. */
export function addLines(
  connection: RTCPeerConnection,
  tracks: Tracks,
  slots: { video: number; audio: number },
): Lines {
  const [person, screen] = [new MediaStream(), new MediaStream()];
  const senders = SLOTS.map((source) => {
    const transceiver = connection.addTransceiver(tracks[source] ?? kindOf(source), {
      direction: 'sendonly',
      streams: [source === 'mic' || source === 'camera' ? person : screen],
      sendEncodings: ENCODINGS[source],
    });
    prefer(transceiver, sendCodecs(kindOf(source)));
    return transceiver;
  });
  const receivers = [
    ...addSlots(connection, 'video', slots.video),
    ...addSlots(connection, 'audio', slots.audio),
  ];
  return { senders, receivers };
}

/** Adds slots; they are the server's to fill after the next offer. */
export function addSlots(
  connection: RTCPeerConnection,
  kind: 'audio' | 'video',
  count: number,
): RTCRtpTransceiver[] {
  const codecs = receiveCodecs(kind);
  return Array.from({ length: count }, () => {
    const transceiver = connection.addTransceiver(kind, { direction: 'recvonly' });
    prefer(transceiver, codecs);
    return transceiver;
  });
}

/** What the server reads or writes of RTP header extensions. */
const EXTENSION =
  /:(?:sdes:(?:mid|rtp-stream-id|repaired-rtp-stream-id)|ssrc-audio-level)$|transport-wide-cc-extensions-01$/;

interface HeaderExtension {
  uri: string;
  direction: RTCRtpTransceiverDirection;
}

/** Newer than the standard library's types (W3C webrtc-extensions §5.2). */
interface WithExtensions {
  getHeaderExtensionsToNegotiate?: () => HeaderExtension[];
  setHeaderExtensionsToNegotiate?: (extensions: HeaderExtension[]) => void;
}

/** Of everything a browser could do, an offer for 49 slots has 300 kB; the server does but this. */
function prefer(transceiver: RTCRtpTransceiver & WithExtensions, codecs: RTCRtpCodec[]): void {
  try {
    if (codecs.length > 0) transceiver.setCodecPreferences(codecs);
    const extensions = transceiver.getHeaderExtensionsToNegotiate?.() ?? [];
    transceiver.setHeaderExtensionsToNegotiate?.(
      extensions.map(({ uri, direction }) => ({
        uri,
        direction: EXTENSION.test(uri) ? direction : 'stopped',
      })),
    );
  } catch {
    // A wish: a browser that objects makes a larger offer.
  }
}

function sendCodecs(kind: 'audio' | 'video'): RTCRtpCodec[] {
  const codecs = globalThis.RTCRtpSender?.getCapabilities?.(kind)?.codecs ?? [];
  if (kind === 'audio') return codecs.filter(isOpus);
  const vp8 = codecs.filter(isVp8);
  return withRetransmission(vp8.length > 0 ? vp8 : baselineH264(codecs), codecs);
}

/** H.264 as well: there are publishers that have nothing else. */
function receiveCodecs(kind: 'audio' | 'video'): RTCRtpCodec[] {
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.(kind)?.codecs ?? [];
  if (kind === 'audio') return codecs.filter(isOpus);
  return withRetransmission([...codecs.filter(isVp8), ...baselineH264(codecs)], codecs);
}

const isOpus = ({ mimeType }: RTCRtpCodec) => /^audio\/opus$/i.test(mimeType);
const isVp8 = ({ mimeType }: RTCRtpCodec) => /^video\/VP8$/i.test(mimeType);

/** Constrained baseline in packetization mode 1 (RFC 6184 §8.1), which every browser has: one of its variants. */
function baselineH264(codecs: readonly RTCRtpCodec[]): RTCRtpCodec[] {
  const found = codecs.find(
    ({ mimeType, sdpFmtpLine = '' }) =>
      /^video\/H264$/i.test(mimeType) &&
      /packetization-mode=1/.test(sdpFmtpLine) &&
      /profile-level-id=42e0/i.test(sdpFmtpLine),
  );
  return found ? [found] : [];
}

function withRetransmission(chosen: RTCRtpCodec[], all: readonly RTCRtpCodec[]): RTCRtpCodec[] {
  return [...chosen, ...all.filter(({ mimeType }) => /^video\/rtx$/i.test(mimeType))];
}
