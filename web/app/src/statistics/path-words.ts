import type { Candidate, CandidatePair } from '@kaigi/client';

/** Whose an address is, and who can reach it. */
export type AddressKind = 'loopback' | 'private' | 'public' | 'router' | 'relay' | 'hidden' | 'other';

/** How a pair is said in words: a key of the texts, and what goes into it. */
export interface PathWords {
  key: 'direct' | 'relayOurs' | 'relayTheirs' | 'relayBoth' | 'server' | 'serverRelay';
  /** UDP, TCP or TLS: how the first hop goes. */
  protocol: string;
  family: 'IPv4' | 'IPv6' | undefined;
  from: End;
  to: End;
}

export interface End {
  kind: AddressKind;
  /** With its port; absent where the browser keeps it to itself. */
  address: string | undefined;
}

/** `server`: the other end is the server itself, not a participant. */
export function pathWords({ local, remote }: CandidatePair, server: boolean): PathWords {
  const [ours, theirs] = [local.type === 'relay', remote.type === 'relay'];
  const key = server
    ? ours
      ? 'serverRelay'
      : 'server'
    : ours
      ? theirs
        ? 'relayBoth'
        : 'relayOurs'
      : theirs
        ? 'relayTheirs'
        : 'direct';
  return {
    key,
    protocol: (local.relayProtocol ?? local.protocol).toUpperCase(),
    family: familyOf(local.address) ?? familyOf(remote.address),
    from: endOf(local),
    to: endOf(remote),
  };
}

export function familyOf(address: string | undefined): 'IPv4' | 'IPv6' | undefined {
  if (address === undefined) return undefined;
  if (address.includes(':')) return 'IPv6';
  return /^\d+\.\d+\.\d+\.\d+$/.test(address) ? 'IPv4' : undefined;
}

export function addressKind({ type, address }: Pick<Candidate, 'type' | 'address'>): AddressKind {
  if (type === 'relay') return 'relay';
  // The address a network's router puts in place of the device's own (RFC 8445 §5.1.1.2).
  if (type === 'srflx') return 'router';
  const family = familyOf(address);
  // Names ending in .local hide the address from the page (RFC 6762; draft-ietf-mmusic-mdns-ice-candidates).
  if (address === undefined || family === undefined)
    return address?.endsWith('.local') === false ? 'other' : 'hidden';
  if (family === 'IPv4') {
    if (/^127\./.test(address)) return 'loopback';
    // RFC 1918, RFC 3927, RFC 6598
    return /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(
      address,
    )
      ? 'private'
      : type === 'prflx'
        ? 'router'
        : 'public';
  }
  const lower = address.toLowerCase();
  if (lower === '::1') return 'loopback';
  // RFC 4193 unique local, RFC 4291 §2.5.6 link-local
  return /^f[cd]|^fe[89ab]/.test(lower) ? 'private' : 'public';
}

function endOf(candidate: Candidate): End {
  const { address, port } = candidate;
  const shown = address === undefined ? undefined : address.includes(':') ? `[${address}]` : address;
  return {
    kind: addressKind(candidate),
    address: shown === undefined ? undefined : port === undefined ? shown : `${shown}:${port}`,
  };
}
