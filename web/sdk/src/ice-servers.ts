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
  const turn = announced?.turn;
  const own = ownUrls(serverUrl, turn?.port);
  const servers: RTCIceServer[] = [{ urls: own.stun }];
  if (turn) {
    const { username, credential } = turn;
    servers.push({ urls: [own.udp, own.tcp, ...(own.tls ? [own.tls] : [])], username, credential });
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

/** Those of that list whose answers come from the address that the server sends media from. */
export function onMediaPort(serverUrl: string, { turn }: Announced): string[] {
  const { stun, udp } = ownUrls(serverUrl, turn.port);
  return [stun, udp];
}

/** Where the Kaigi server's own STUN and TURN are (RFC 7064, RFC 7065). */
export interface OwnUrls {
  host: string;
  port: number;
  stun: string;
  udp: string;
  tcp: string;
  /** Absent where TLS ends at a proxy: with a port of its own the server is behind one. */
  tls: string | undefined;
}

export function ownUrls(serverUrl: string, turnPort?: number): OwnUrls {
  const { hostname, port: pagePort, protocol } = new URL(serverUrl);
  const port = turnPort ?? Number(pagePort || (protocol === 'http:' ? 80 : 443));
  // `hostname` keeps the brackets of an IPv6 literal, as RFC 7064 §3.1 wants them.
  const address = `${hostname}:${String(port)}`;
  const tls = protocol === 'https:' && turnPort === undefined;
  return {
    host: hostname,
    port,
    stun: `stun:${address}`,
    udp: `turn:${address}?transport=udp`,
    tcp: `turn:${address}?transport=tcp`,
    tls: tls ? `turns:${address}?transport=tcp` : undefined,
  };
}
