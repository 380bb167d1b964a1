/** RFC 8445 §5.1.2.1: what only a relay gets to comes last. The server marks its way in for relays so. */
const RELAY_PREFERENCE = 1;

/** Addresses that mean another machine in another network. */
const PRIVATE =
  /^(?:10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|f[cd]|fe[89ab])/i;

/**
 * Leaves out STUN and TURN over UDP on the port that media comes from. Chromium sends checks, STUN and TURN from one
 * socket, and takes all that comes from a STUN or TURN server's address for an answer of that server: media from there
 * would be thrown away. Nothing is lost, for UDP that gets to the relay gets to the server as well.
 */
export function without(
  servers: readonly RTCIceServer[] | undefined,
  sharedPort: readonly string[],
): RTCIceServer[] {
  return (servers ?? [])
    .map((server) => ({ ...server, urls: [server.urls].flat().filter((url) => !sharedPort.includes(url)) }))
    .filter(({ urls }) => urls.length > 0);
}

/**
 * Whether an answer has no candidate over UDP that a browser would use. Chromium drops ports below 1024, but for 80 and
 * 443 of public addresses: then the relay is the only way, and in nobody's way.
 */
export function needsRelay(answer: string): boolean {
  const candidates = [...answer.matchAll(/^a=candidate:\S+ 1 udp (\d+) (\S+) (\d+) typ host/gm)];
  return !candidates.some(([, priority, address = '', port]) => {
    if (Number(priority) >>> 24 === RELAY_PREFERENCE) return false;
    return Number(port) >= 1024 || (['80', '443'].includes(port ?? '') && !PRIVATE.test(address));
  });
}
