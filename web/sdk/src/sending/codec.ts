/** Newer than the standard library's types (W3C webrtc-extensions §6). */
type Encoding = RTCRtpEncodingParameters & { codec?: RTCRtpCodec };

/** Helpers of the other codecs, not codecs of their own. */
const AUXILIARY = new Set(['rtx', 'red', 'ulpfec', 'flexfec-03']);

/** The video codecs this browser can send, by name, best known first. */
export function videoCodecs(): string[] {
  const codecs = globalThis.RTCRtpSender?.getCapabilities?.('video')?.codecs ?? [];
  return [...new Set(codecs.map(nameOf))].filter((name) => !AUXILIARY.has(name.toLowerCase()));
}

/** What was agreed on first, by sender: once another is chosen, Chromium lists that one first. */
const agreed = new WeakMap<RTCRtpSender, string>();

/** What a sender sends when nothing is chosen. */
export function agreedCodec(sender: RTCRtpSender, parameters: RTCRtpSendParameters): string | undefined {
  const encoding: Encoding | undefined = parameters.encodings[0];
  const first = parameters.codecs.find((one) => !AUXILIARY.has(nameOf(one).toLowerCase()));
  if (first && encoding && encoding.codec === undefined) agreed.set(sender, nameOf(first));
  return agreed.get(sender);
}

/** Chooses among what has been negotiated, so that no new offer is needed; without a name, what was agreed on. */
export function chooseCodec(
  parameters: RTCRtpSendParameters,
  name: string | undefined,
  agreedOn?: string,
): boolean {
  const encoding: Encoding | undefined = parameters.encodings[0];
  if (!encoding) return false;
  // Chromium stays with a codec that was chosen before when none is: what was agreed on has to be named.
  const wanted = name ?? (encoding.codec === undefined ? undefined : agreedOn);
  if (wanted === undefined) return false;
  const codec = parameters.codecs.find((one) => nameOf(one).toLowerCase() === wanted.toLowerCase());
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
