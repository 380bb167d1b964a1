/** The candidate pair that carries the media (W3C webrtc-stats §8.11). */
export interface SelectedPair {
  relayed: boolean;
  protocol: string | undefined;
  roundTripMs: number | undefined;
}

interface CandidateStats {
  candidateType?: string;
  protocol?: string;
  relayProtocol?: string;
}

interface CandidatePairStats extends RTCIceCandidatePairStats {
  /** Firefox's name for what others tell by the transport's `selectedCandidatePairId`. */
  selected?: boolean;
}

export function selectedPair(report: RTCStatsReport): SelectedPair | undefined {
  const pair = findPair(report);
  if (!pair) return undefined;
  const local = report.get(pair.localCandidateId) as CandidateStats | undefined;
  const remote = report.get(pair.remoteCandidateId) as CandidateStats | undefined;
  const roundTrip = pair.currentRoundTripTime;
  return {
    relayed: local?.candidateType === 'relay' || remote?.candidateType === 'relay',
    // To a relay, what counts for the user is how the relay is reached.
    protocol: local?.relayProtocol ?? local?.protocol,
    roundTripMs: roundTrip === undefined ? undefined : roundTrip * 1000,
  };
}

/** All that came for the connection, on whatever path; ICE's own checks not counted. */
export function bytesReceived(report: RTCStatsReport): number {
  return statsOf(report)
    .filter(({ type }) => type === 'candidate-pair')
    .reduce((sum, pair) => sum + ((pair as RTCIceCandidatePairStats).bytesReceived ?? 0), 0);
}

function findPair(report: RTCStatsReport): CandidatePairStats | undefined {
  let fallback: CandidatePairStats | undefined;
  for (const stats of statsOf(report)) {
    if (stats.type === 'transport') {
      const id = (stats as RTCTransportStats).selectedCandidatePairId;
      const pair = id === undefined ? undefined : (report.get(id) as CandidatePairStats | undefined);
      if (pair) return pair;
    } else if (stats.type === 'candidate-pair') {
      const pair = stats as CandidatePairStats;
      if (pair.selected || (pair.nominated && pair.state === 'succeeded')) fallback = pair;
    }
  }
  return fallback;
}

/** A report as a list: its iterator is not in every version of the standard library's types. */
export function statsOf(report: RTCStatsReport): RTCStats[] {
  const list: RTCStats[] = [];
  report.forEach((stats: RTCStats) => list.push(stats));
  return list;
}
