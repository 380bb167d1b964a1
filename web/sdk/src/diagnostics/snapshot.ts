import { statsOf } from '../stats-report';
import type { PeerPath } from '../types';
import { candidatePairs } from './candidates';
import { maskSecrets } from './mask';
import type { ConnectionDiagnostics, DescriptionText } from './types';

/** A connection, what it is called, and what it counts as. */
export interface NamedConnection {
  connection: string;
  path: PeerPath;
  peer: RTCPeerConnection;
}

/** All that a connection says of itself; undefined if it is closed meanwhile. */
export async function snapshot({
  connection,
  path,
  peer,
}: NamedConnection): Promise<ConnectionDiagnostics | undefined> {
  try {
    const report = await peer.getStats();
    const [local, remote] = [describe(peer.localDescription), describe(peer.remoteDescription)];
    return {
      connection,
      path,
      connectionState: peer.connectionState,
      iceConnectionState: peer.iceConnectionState,
      iceGatheringState: peer.iceGatheringState,
      signalingState: peer.signalingState,
      pairs: candidatePairs(report),
      ...(local ? { local } : {}),
      ...(remote ? { remote } : {}),
      report: statsOf(report).filter(({ type }) => type !== 'certificate'),
    };
  } catch {
    return undefined;
  }
}

function describe(description: RTCSessionDescription | null): DescriptionText | undefined {
  return description ? { type: description.type, sdp: maskSecrets(description.sdp) } : undefined;
}
