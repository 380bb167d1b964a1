import { deadline } from './deadline';

/** A second server-reflexive address, of the other IP family, comes right after the first if at all. */
const OTHER_FAMILY_MS = 250;

/** What gathering candidates from one server brought to light. */
export interface Probe {
  /** Our addresses as the server sees them. */
  reflexive: readonly string[];
  /** Addresses with port that the server relays at. */
  relays: readonly string[];
  /** `complete`: it ended by itself, so whatever was going to answer has. `new`: it did not even begin. */
  gathering: RTCIceGatheringState;
  /** The browser lets the page have UDP at all: it offers an address of the device. */
  hasUdp: boolean;
  /** STUN error code of the server's refusal (RFC 8489 §14.8). */
  refusal?: number;
  /** Until what was wanted came, or the end. */
  milliseconds: number;
}

/**
 * Gathers candidates (RFC 8445 §5.1.1) from one server over one transport, until there is one of the wanted
 * type, there will be none, or the time is over.
 */
export async function probe(
  server: RTCIceServer,
  wanted: 'srflx' | 'relay',
  create: (configuration: RTCConfiguration) => RTCPeerConnection,
  milliseconds: number,
  outer: AbortSignal,
): Promise<Probe> {
  const startedAt = performance.now();
  const { signal, release } = deadline(milliseconds, outer);
  // Not `relay`: with that policy the browser hides which address of ours the relay saw.
  const connection = create({ iceServers: [server], iceTransportPolicy: 'all' });
  const found = { reflexive: new Set<string>(), relays: new Set<string>(), hasUdp: false };
  let refusal: number | undefined;
  let gathering: RTCIceGatheringState = 'new';
  let foundAt: number | undefined;
  try {
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
      connection.addEventListener('icecandidate', ({ candidate }) => {
        // An empty one, or none, marks the end.
        if (!candidate?.candidate) return;
        note(found, candidate);
        if (candidate.type !== wanted || foundAt !== undefined) return;
        foundAt = performance.now();
        if (wanted === 'relay') resolve();
        else setTimeout(resolve, OTHER_FAMILY_MS);
      });
      connection.addEventListener('icegatheringstatechange', () => {
        gathering = connection.iceGatheringState;
        if (gathering === 'complete') resolve();
      });
      connection.addEventListener('icecandidateerror', ({ errorCode }) => {
        // 701 is the browser's own for "no answer" (W3C webrtc §4.8.2): that is not a refusal.
        if (errorCode >= 300 && errorCode < 700) refusal = errorCode;
      });
      connection.createDataChannel('test');
      connection.setLocalDescription().catch(() => resolve());
    });
  } finally {
    release();
    connection.close();
  }
  return {
    reflexive: [...found.reflexive],
    relays: [...found.relays],
    hasUdp: found.hasUdp,
    gathering,
    milliseconds: (foundAt ?? performance.now()) - startedAt,
    ...(refusal === undefined ? {} : { refusal }),
  };
}

function note(
  found: { reflexive: Set<string>; relays: Set<string>; hasUdp: boolean },
  { type, protocol, address, port, relatedAddress }: RTCIceCandidate,
): void {
  if (type === 'host') found.hasUdp ||= protocol === 'udp';
  if (type === 'srflx' && address) found.reflexive.add(address);
  if (type !== 'relay' || !address) return;
  found.relays.add(address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);
  // A relayed candidate's related address is the server-reflexive one (RFC 8839 §5.1); 0.0.0.0 stands for
  // "not told".
  if (relatedAddress && !/^(?:0\.0\.0\.0|::)$/.test(relatedAddress)) found.reflexive.add(relatedAddress);
}
