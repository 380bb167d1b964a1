import type { IceServer, TurnCredential } from './wire.gen';

/** What a server tells those who join it. */
export interface Announced {
  turn: TurnCredential;
  iceServers: readonly IceServer[];
}

/**
 * The servers for `RTCPeerConnection`. The Kaigi server answers STUN and TURN on the very port this page reached
 * it on, under the very name: nothing has to be announced but the credential.
 */
export function iceServersFor(
  serverUrl: string,
  extra: readonly RTCIceServer[] = [],
  announced?: Announced,
): RTCIceServer[] {
  const { hostname, port, protocol } = new URL(serverUrl);
  const turn = announced?.turn;
  // `hostname` keeps the brackets of an IPv6 literal, as RFC 7064 §3.1 wants them.
  const address = `${hostname}:${String(turn?.port ?? (port || (protocol === 'http:' ? '80' : '443')))}`;
  const servers: RTCIceServer[] = [{ urls: `stun:${address}` }];
  if (turn) {
    const { username, credential } = turn;
    servers.push({ urls: turnUrls(address, protocol === 'https:' && turn.port === undefined), username, credential });
  }
  for (const { urls, username, credential } of announced?.iceServers ?? []) {
    servers.push({
      urls,
      ...(username === undefined ? {} : { username }),
      ...(credential === undefined ? {} : { credential }),
    });
  }
  return [...servers, ...extra];
}

/** RFC 7065. With a port of its own the server is behind a proxy, which is where TLS ends. */
function turnUrls(address: string, tls: boolean): string[] {
  const plain = [`turn:${address}?transport=udp`, `turn:${address}?transport=tcp`];
  return tls ? [...plain, `turns:${address}?transport=tcp`] : plain;
}
