/** Newer than the standard library's types (W3C webrtc-extensions §6). */
type Encoding = RTCRtpEncodingParameters & { codec?: RTCRtpCodec };

/** Helpers of the other codecs, not codecs of their own. */
const AUXILIARY = new Set(['rtx', 'red', 'ulpfec', 'flexfec-03']);

/** The video codecs this browser can send, by name, best known first. */
export function videoCodecs(): string[] {
  const codecs = globalThis.RTCRtpSender?.getCapabilities?.('video')?.codecs ?? [];
  return [...new Set(codecs.map(nameOf))].filter((name) => !AUXILIARY.has(name.toLowerCase()));
}

/** Chooses among what has been negotiated, so that no new offer is needed; without a name, what was agreed on first. */
export function chooseCodec(parameters: RTCRtpSendParameters, name: string | undefined): boolean {
  const encoding: Encoding | undefined = parameters.encodings[0];
  if (!encoding) return false;
  // Chromium stays with a codec that was chosen before when none is: the first has to be named.
  if (name === undefined && encoding.codec === undefined) return false;
  const codec = parameters.codecs.find((one) =>
    name === undefined
      ? !AUXILIARY.has(nameOf(one).toLowerCase())
      : nameOf(one).toLowerCase() === name.toLowerCase(),
  );
  // The other side does not have it.
  if (!codec || (encoding.codec && nameOf(encoding.codec) === nameOf(codec))) return false;
  encoding.codec = {
    mimeType: codec.mimeType,
    clockRate: codec.clockRate,
    ...(codec.sdpFmtpLine === undefined ? {} : { sdpFmtpLine: codec.sdpFmtpLine }),
  };
  return true;
}

function nameOf({ mimeType }: { mimeType: string }): string {
  return mimeType.slice(mimeType.indexOf('/') + 1);
}
