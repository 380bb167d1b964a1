import { agreedCodec, chooseCodec } from './sending/codec';
import { cameraEncoding, limitEncodings, screenEncodings } from './sending/encodings';
import type { PictureLimits } from './sending/limits';
import type { ParameterQueue } from './sending/parameter-queue';
import type { TrackSource } from './types';

/** The m-lines of a direct connection, in this order; the data channel's comes last. */
export const SLOTS = ['mic', 'camera', 'screen', 'screenAudio'] as const satisfies readonly TrackSource[];

/** A participant's live tracks. */
export type Tracks = Readonly<Partial<Record<TrackSource, MediaStreamTrack>>>;

export function kindOf(source: TrackSource): 'audio' | 'video' {
  return source === 'mic' || source === 'screenAudio' ? 'audio' : 'video';
}

/** `degradationPreference` left the standard library's types when it left the specification's first edition. */
type SendParameters = RTCRtpSendParameters & {
  degradationPreference?: 'balanced' | 'maintain-framerate' | 'maintain-resolution';
};

/** Speech goes first: of what does not fit the network, pictures are dropped, not words. */
const ENCODINGS: Record<TrackSource, RTCRtpEncodingParameters> = {
  mic: { priority: 'high', networkPriority: 'high' },
  camera: { maxBitrate: 2_500_000 },
  screen: { maxBitrate: 5_000_000 },
  screenAudio: { maxBitrate: 128_000 },
};

/**
 * Makes the four transceivers of an offer. Two streams, because a receiver keeps the tracks of one stream
 * in step: lips and voice, the screen and its sound (RFC 8830).
 */
export function addSlots(connection: RTCPeerConnection, tracks: Tracks): RTCRtpTransceiver[] {
  const [person, screen] = [new MediaStream(), new MediaStream()];
  return SLOTS.map((source) => {
    const streams = [source === 'mic' || source === 'camera' ? person : screen];
    return connection.addTransceiver(tracks[source] ?? kindOf(source), {
      direction: 'sendrecv',
      streams,
      sendEncodings: [ENCODINGS[source]],
    });
  });
}

/** Takes over the four transceivers a remote offer has made, so that the answer sends on them too. */
export function adoptSlots(connection: RTCPeerConnection, tracks: Tracks): RTCRtpTransceiver[] {
  const [person, screen] = [new MediaStream(), new MediaStream()];
  const transceivers = connection.getTransceivers().slice(0, SLOTS.length);
  transceivers.forEach((transceiver, index) => {
    const source = SLOTS[index];
    if (!source || transceiver.receiver.track.kind !== kindOf(source)) return;
    transceiver.direction = 'sendrecv';
    transceiver.sender.setStreams?.(source === 'mic' || source === 'camera' ? person : screen);
    setTrack(transceiver, tracks[source] ?? null);
  });
  return transceivers;
}

export function setTrack(transceiver: RTCRtpTransceiver, track: MediaStreamTrack | null): void {
  transceiver.sender.replaceTrack(track).catch((error: unknown) => {
    console.warn('kaigi: a track could not be sent', error);
  });
}

/** Sets bit rates and priorities where the transceiver was not made by `addSlots`; needs a finished negotiation. */
export function tuneSlots(transceivers: readonly RTCRtpTransceiver[], queue: ParameterQueue): void {
  transceivers.forEach(({ sender }, index) => {
    const source = SLOTS[index];
    if (!source) return;
    // A wish, not a need: a browser that knows less than this sends with its own defaults.
    queue.set(sender, 'tune', (parameters: SendParameters) => {
      const encoding = parameters.encodings?.[0];
      if (!encoding) return false;
      Object.assign(encoding, ENCODINGS[source]);
      if (kindOf(source) === 'video') {
        // Of a shared screen every letter counts; a face may lose a little of everything.
        parameters.degradationPreference = source === 'screen' ? 'maintain-resolution' : 'balanced';
      }
      return true;
    });
  });
}

/** Holds the pictures that are sent to limits; sound is left alone. */
export function limitSlots(
  transceivers: readonly RTCRtpTransceiver[],
  limits: PictureLimits,
  tracks: Tracks,
  queue: ParameterQueue,
): void {
  transceivers.forEach(({ sender }, index) => {
    const source = SLOTS[index];
    if (source !== 'camera' && source !== 'screen') return;
    // Not the sender's: it may be about to get this one.
    const track = tracks[source];
    queue.set(sender, 'limit', ({ encodings }) => {
      const base = ENCODINGS[source];
      const all =
        source === 'camera'
          ? [cameraEncoding(base, limits, track?.getSettings().height)]
          : screenEncodings([base], limits);
      const changed = limitEncodings(encodings, all);
      const [encoding] = encodings;
      const active = all[0]?.allowed ?? true;
      if (!encoding || (encoding.active ?? true) === active) return changed;
      encoding.active = active;
      return true;
    });
    queue.set(sender, 'codec', (parameters) =>
      chooseCodec(parameters, limits.codec, agreedCodec(sender, parameters)),
    );
  });
}

/** Has pictures come, or not; what we send stays. */
export function receiveVideo(transceivers: readonly RTCRtpTransceiver[], wanted: boolean): void {
  const direction = wanted ? 'sendrecv' : 'sendonly';
  transceivers.forEach((transceiver, index) => {
    const source = SLOTS[index];
    if (source && kindOf(source) === 'video' && transceiver.direction !== direction)
      transceiver.direction = direction;
  });
}

export function receivedTracks(transceivers: readonly RTCRtpTransceiver[]): Tracks {
  const tracks: Partial<Record<TrackSource, MediaStreamTrack>> = {};
  transceivers.forEach((transceiver, index) => {
    const source = SLOTS[index];
    if (source) tracks[source] = transceiver.receiver.track;
  });
  return tracks;
}
