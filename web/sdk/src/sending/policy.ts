import type { SendLimit } from './types';

/** What tells that less, or more, should be sent: once a second. */
export interface SendSigns {
  /** A clock that only goes forward, in milliseconds. */
  at: number;
  /** A camera's picture is on. */
  sending: boolean;
  /** An encoder says that the processor holds it back. */
  cpuBound: boolean;
  /** What the browser takes the line to carry, in bit/s; undefined where it does not say. */
  available: number | undefined;
  /** Share of what we send that is lost. */
  loss: number;
  /** The step that one's own choice amounts to anyway. */
  floor: Step;
}

/** 0: as large as chosen. */
export type Step = 0 | SendLimit['step'];

export interface SendState {
  readonly step: Step;
  readonly reason: SendLimit['reason'] | undefined;
  /** When the last step was taken, and whether it was one down. */
  readonly changedAt: number;
  readonly wasDown: boolean;
  /** Since when it has gone badly, by reason, and since when well. */
  readonly cpuSince: number | undefined;
  readonly lineSince: number | undefined;
  readonly goodSince: number | undefined;
  /** How long it has to go well before the next step up. */
  readonly patienceMs: number;
}

/** Below this many bits per second a step's pictures would take from the sound what it needs. */
const NEEDS: Record<0 | 1 | 2, number> = { 0: 250_000, 1: 150_000, 2: 80_000 };
/** A step up is taken when the line carries this much more than that step needs. */
const HEADROOM = 1.3;
/** Loss that no correction makes good any more; sound suffers as well. */
const HEAVY_LOSS = 0.2;
/** An encoder complains for a moment whenever something else needs the processor. */
const CPU_MS = 5_000;
/** A fresh connection begins below its line's worth and finds out within this time. */
const LINE_MS = 4_000;
const FIRST_PATIENCE_MS = 10_000;
const LONGEST_PATIENCE_MS = 120_000;
/** A step up that failed within this time was one too early. */
const TRIAL_MS = 30_000;
/** After so long without trouble, earlier failures are forgotten. */
const FORGIVEN_MS = 120_000;

export const UNLIMITED: SendState = {
  step: 0,
  reason: undefined,
  changedAt: 0,
  wasDown: true,
  cpuSince: undefined,
  lineSince: undefined,
  goodSince: undefined,
  patienceMs: FIRST_PATIENCE_MS,
};

/**
 * How much of a picture to send: one step down when it goes badly for seconds, one up when it has gone well for longer.
 * Each step up that fails doubles the wait for the next, so that the picture does not go to and fro.
 */
export function nextSendState(before: SendState, signs: SendSigns): SendState {
  const { at, floor } = signs;
  // Nothing is sent, so nothing can be said; what is known of this device and line stays.
  if (!signs.sending) return { ...before, cpuSince: undefined, lineSince: undefined, goodSince: undefined };
  const step = Math.max(before.step, floor) as Step;
  const reason = step > floor ? before.reason : undefined;
  const short = isShort(step, signs);
  // A small picture is the least that a processor can be asked for.
  const busy = signs.cpuBound && step < 2;
  const cpuSince = busy ? (before.cpuSince ?? at) : undefined;
  const lineSince = short ? (before.lineSince ?? at) : undefined;
  const goodSince =
    !short && !signs.cpuBound && mayRise(step, reason, signs) ? (before.goodSince ?? at) : undefined;
  const state: SendState = { ...before, step, reason, cpuSince, lineSince, goodSince };

  if (lineSince !== undefined && at - lineSince >= LINE_MS && step < 3) return down(state, 'bandwidth', at);
  if (cpuSince !== undefined && at - cpuSince >= CPU_MS) return down(state, 'cpu', at);
  if (step > floor && goodSince !== undefined && at - goodSince >= before.patienceMs)
    return up(state, floor, at);
  if (step === floor && !state.wasDown && at - state.changedAt >= FORGIVEN_MS) {
    return { ...state, patienceMs: FIRST_PATIENCE_MS };
  }
  return state;
}

/** What to tell the user; undefined while nothing is held back. */
export function limitOf({ step, reason }: SendState): SendLimit | undefined {
  return step > 0 && reason ? { step: step as SendLimit['step'], reason } : undefined;
}

function isShort(step: Step, { available, loss }: SendSigns): boolean {
  if (step === 3) return false;
  // Loss alone takes no picture away: where it is for want of bandwidth, the estimate says so as well.
  if (loss >= HEAVY_LOSS && step < 2) return true;
  return available !== undefined && available < NEEDS[step];
}

function mayRise(step: Step, reason: SendState['reason'], { available, loss }: SendSigns): boolean {
  if (loss >= HEAVY_LOSS / 2) return false;
  // Without a picture the estimate has nothing to go by: time alone tells when to try again.
  if (step === 0 || step === 3 || reason !== 'bandwidth' || available === undefined) return true;
  return available >= NEEDS[(step - 1) as 0 | 1] * HEADROOM;
}

function down(state: SendState, reason: SendLimit['reason'], at: number): SendState {
  const early = !state.wasDown && at - state.changedAt < TRIAL_MS;
  return {
    ...state,
    step: (state.step + 1) as Step,
    reason,
    changedAt: at,
    wasDown: true,
    cpuSince: undefined,
    lineSince: undefined,
    goodSince: undefined,
    patienceMs: early ? Math.min(2 * state.patienceMs, LONGEST_PATIENCE_MS) : state.patienceMs,
  };
}

function up(state: SendState, floor: Step, at: number): SendState {
  const step = (state.step - 1) as Step;
  return {
    ...state,
    step,
    reason: step > floor ? state.reason : undefined,
    changedAt: at,
    wasDown: false,
    goodSince: undefined,
  };
}
