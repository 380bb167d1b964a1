import { statsOf } from '../stats-report';
import type { Candidate, CandidatePair } from './types';

interface CandidateStats {
  candidateType?: string;
  protocol?: string;
  relayProtocol?: string;
  address?: string;
  /** What `address` was called before. */
  ip?: string;
  port?: number;
}

interface PairStats extends RTCIceCandidatePairStats {
  /** Firefox's name for what others tell by the transport's `selectedCandidatePairId`. */
  selected?: boolean;
}

/** All pairs of a report, the one in use first. */
export function candidatePairs(report: RTCStatsReport): CandidatePair[] {
  const all = statsOf(report);
  const chosen = new Set(
    all.flatMap((stats) =>
      stats.type === 'transport' ? ((stats as RTCTransportStats).selectedCandidatePairId ?? []) : [],
    ),
  );
  const pairs: CandidatePair[] = [];
  for (const stats of all) {
    if (stats.type !== 'candidate-pair') continue;
    const pair = stats as PairStats;
    const local = candidate(report.get(pair.localCandidateId) as CandidateStats | undefined);
    const remote = candidate(report.get(pair.remoteCandidateId) as CandidateStats | undefined);
    if (!local || !remote) continue;
    const selected =
      chosen.size > 0
        ? chosen.has(pair.id)
        : (pair.selected ?? (pair.nominated === true && pair.state === 'succeeded'));
    const { currentRoundTripTime: roundTrip, bytesSent, bytesReceived, state } = pair;
    pairs.push({
      local,
      remote,
      state,
      selected,
      ...(roundTrip === undefined ? {} : { roundTripMs: roundTrip * 1000 }),
      ...(bytesSent === undefined ? {} : { bytesSent }),
      ...(bytesReceived === undefined ? {} : { bytesReceived }),
    });
  }
  return pairs.sort((a, b) => Number(b.selected) - Number(a.selected));
}

const TYPES = ['host', 'srflx', 'prflx', 'relay'] as const;
const RELAY_PROTOCOLS = ['udp', 'tcp', 'tls'] as const;

function candidate(stats: CandidateStats | undefined): Candidate | undefined {
  const type = TYPES.find((one) => one === stats?.candidateType);
  if (!stats || !type) return undefined;
  const relayProtocol = RELAY_PROTOCOLS.find((one) => one === stats.relayProtocol);
  // Some browsers say '' or '(redacted)' for what they keep to themselves.
  const address = [stats.address, stats.ip].find((one) => one !== undefined && /^[\w.:%-]+$/.test(one));
  return {
    type,
    protocol: stats.protocol === 'tcp' ? 'tcp' : 'udp',
    ...(relayProtocol && type === 'relay' ? { relayProtocol } : {}),
    ...(address === undefined ? {} : { address }),
    ...(stats.port === undefined ? {} : { port: stats.port }),
  };
}
