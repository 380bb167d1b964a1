import type { EndReason, Outcome } from './board';
import type { Probe } from './probe';
import type { Measurement } from './relay';
import type {
  PageFindings,
  RelayFindings,
  RelayTransport,
  StunFindings,
  TestAdvice,
  TestProblem,
  TestStepId,
  TestVerdict,
  TurnFindings,
} from './types';

/** Above this share of lost packets pictures freeze now and then. */
const LOSSY = 0.02;
/** Above this people talk into each other's words (ITU-T G.114 wants 150 ms one way). */
const DELAYED_MS = 300;
/** A call with a good picture, one way. */
const ENOUGH_BITRATE = 2_500_000;
/** Share of a call's packets that the channel has no room for: it is slower than the call. */
const REFUSED = 0.1;
/** Share of the time for which the page stood still: what it measured says more about the device. */
const HELD_UP = 0.1;

/** What gathering candidates over each transport has shown so far. */
export interface Reach {
  /** The server answers this page over http. */
  web: boolean;
  stun?: Probe;
  udp?: Probe;
  tcp?: Probe;
  /** `at-proxy`: there is none to test. */
  tls?: Probe | 'at-proxy';
  /** Why nothing could be asked of TURN. */
  withoutTurn?: TestProblem;
}

export interface ReachOutcomes {
  stun: Outcome<StunFindings>;
  'turn-udp': Outcome<TurnFindings>;
  'turn-tcp': Outcome<TurnFindings>;
  'turn-tls': Outcome<TurnFindings>;
}

/** What each transport's probe means in the light of the others. `ok` stands; the rest may change until all are in. */
export function judgeReach(reach: Reach): ReachOutcomes {
  const { web, udp, tcp, tls, withoutTurn } = reach;
  const stun = judgeStun(reach);
  const turn = (probe: Probe | undefined, silence: TestProblem, spare: boolean): Outcome<TurnFindings> => {
    if (!probe) return { state: 'skipped', problem: withoutTurn ?? 'no-credential' };
    const { milliseconds, refusal } = probe;
    if (relays(probe)) return { state: 'ok', findings: { relays: probe.relays, milliseconds } };
    // What nobody needs as long as a better way works is no failure of calls.
    const state = spare ? 'warning' : 'failed';
    if (probe.gathering === 'new') return { state, problem: 'webrtc-forbidden' };
    return { state, problem: refusal === undefined ? silence : 'turn-refused' };
  };
  const silent = (problem: TestProblem): TestProblem => (web || relays(tcp) ? problem : 'server-unreachable');
  const overUdp = stun.state === 'ok' ? 'turn-blocked' : (stun.problem ?? 'udp-blocked');
  const overTls = relays(tcp) ? 'tls-not-trusted' : silent('tls-blocked');
  return {
    stun,
    'turn-udp': turn(udp, overUdp, false),
    'turn-tcp': turn(tcp, silent('tcp-blocked'), relays(udp)),
    'turn-tls':
      tls === 'at-proxy'
        ? { state: 'skipped', problem: 'tls-at-proxy' }
        : turn(tls, overTls, relays(udp) || relays(tcp)),
  };
}

function judgeStun({ web, stun, udp, tcp, withoutTurn }: Reach): Outcome<StunFindings> {
  const addresses = [...new Set([...(stun?.reflexive ?? []), ...(udp?.reflexive ?? [])])];
  // Where no NAT is between, the server sees an address that the browser offers already, and the browser keeps
  // silent about it (RFC 8445 §5.1.3). Then the relay on the same port shows whether UDP passes; without a relay,
  // that there was nothing left to wait for.
  const passes = udp
    ? relays(udp) || udp.refusal !== undefined
    : withoutTurn !== undefined && stun?.gathering === 'complete' && stun.hasUdp;
  if (addresses.length > 0 || passes) return { state: 'ok', findings: { addresses } };
  if (stun?.gathering === 'new') return { state: 'failed', problem: 'webrtc-forbidden' };
  const forbidden = stun?.gathering === 'complete' && !stun.hasUdp && udp?.hasUdp !== true;
  if (forbidden) return { state: 'failed', problem: 'udp-forbidden' };
  return { state: 'failed', problem: web || relays(tcp) ? 'udp-blocked' : 'server-unreachable' };
}

function relays(probe: Probe | undefined): boolean {
  return probe !== undefined && probe.relays.length > 0;
}

/** TURN over TLS is where a browser tells: no page can be clicked past a warning there. */
export function judgeCertificate({ state, problem }: Outcome<TurnFindings>): PageFindings['certificate'] {
  if (state === 'ok') return 'trusted';
  return problem === 'tls-not-trusted' ? 'not-trusted' : 'unknown';
}

/** Is what passes through the relay enough for a call? */
export function judgeRelay(measured: Measurement): Outcome<RelayFindings> {
  if (measured === 'silent') return { state: 'failed', problem: 'relay-silent' };
  if (measured === 'interrupted') return { state: 'failed', problem: 'interrupted' };
  const { findings, refusedShare, heldUpShare } = measured;
  const warn = (problem: TestProblem): Outcome<RelayFindings> => ({ state: 'warning', problem, findings });
  if (findings.loss > LOSSY) return warn('lossy');
  const slow = refusedShare > REFUSED || findings.bitrate < ENOUGH_BITRATE;
  const delayed = findings.roundTripMs > DELAYED_MS;
  if ((slow || delayed) && heldUpShare > HELD_UP) return warn('device-busy');
  if (slow) return warn('slow');
  if (delayed) return warn('delayed');
  return { state: 'ok', findings };
}

type Outcomes = (id: TestStepId) => Outcome | undefined;

/** The best of what can be said about calls from here. */
export function judgeAll(outcome: Outcomes, ended: EndReason | undefined): TestVerdict {
  if (ended === 'stopped' || ended === 'server-gone') return ended;
  if (outcome('page')?.state === 'failed') return 'unsupported';
  const works = (id: TestStepId) => outcome(id)?.state === 'ok' || outcome(id)?.state === 'warning';
  const media = (['udp', 'tcp', 'tls'] as const).find((transport) => carries(outcome, transport));
  if (media) {
    const quality = outcome(`relay-${media}`);
    return quality?.state === 'warning' && quality.problem !== 'device-busy' ? 'poor' : media;
  }
  const stun = outcome('stun');
  const tested = outcome('turn-udp')?.state !== 'skipped';
  if (!works('websocket') && !works('polling')) return 'server-unreachable';
  if (!tested) return 'untested';
  if (stun?.state === 'ok') return 'direct-only';
  return stun?.problem === 'webrtc-forbidden' || stun?.problem === 'udp-forbidden' ? 'forbidden' : 'none';
}

/** A relay is reached that way, and nothing speaks against it. */
function carries(outcome: Outcomes, transport: RelayTransport): boolean {
  return outcome(`turn-${transport}`)?.state === 'ok' && outcome(`relay-${transport}`)?.state !== 'failed';
}

/** In the order of what they would bring. */
const ADVICE: Partial<Record<TestProblem, TestAdvice>> = {
  'udp-blocked': 'open-udp',
  'turn-blocked': 'open-udp',
  'udp-forbidden': 'allow-udp-in-browser',
  'webrtc-forbidden': 'allow-udp-in-browser',
  'tcp-blocked': 'allow-tcp',
  'tls-blocked': 'exempt-tls',
  'tls-not-trusted': 'trusted-certificate',
  'websocket-blocked': 'allow-websocket',
  'websocket-cut': 'allow-websocket',
};

/** What would help, the most helpful first. */
export function advise(outcome: Outcomes): TestAdvice[] {
  const problems = new Set(STEPS.map((id) => outcome(id)?.problem));
  const wanted = Object.entries(ADVICE).filter(([problem]) => problems.has(problem as TestProblem));
  return [...new Set(wanted.map(([, advice]) => advice))];
}

const STEPS: readonly TestStepId[] = ['websocket', 'stun', 'turn-udp', 'turn-tcp', 'turn-tls'];
