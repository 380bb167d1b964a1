import type { IceServer } from './wire.gen';

/**
 * The servers for `RTCPeerConnection`. The Kaigi server answers STUN over UDP on the very port this page
 * reached it on, under the very name: nothing has to be announced.
 */
export function iceServersFor(
  serverUrl: string,
  announced: readonly IceServer[],
  extra: readonly RTCIceServer[] = [],
): RTCIceServer[] {
  const url = new URL(serverUrl);
  // `hostname` keeps the brackets of an IPv6 literal, as RFC 7064 §3.1 wants them.
  const port = url.port || (url.protocol === 'http:' ? '80' : '443');
  return [
    { urls: `stun:${url.hostname}:${port}` },
    ...announced.map(({ urls, username, credential }) => ({
      urls,
      ...(username === undefined ? {} : { username }),
      ...(credential === undefined ? {} : { credential }),
    })),
    ...extra,
  ];
}
