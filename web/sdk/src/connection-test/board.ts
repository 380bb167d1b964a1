import type {
  ConnectionTestReport,
  TestAdvice,
  TestFindings,
  TestProblem,
  TestStep,
  TestStepId,
  TestStepState,
  TestVerdict,
} from './types';

/** How often a running step's progress is shown. */
const TICK_MS = 200;

/** How long each step usually takes where it takes long: what the whole test's progress is measured by. */
const USUAL_MS: Record<TestStepId, number> = {
  page: 100,
  devices: 100,
  websocket: 300,
  polling: 300,
  stun: 500,
  'turn-udp': 500,
  'turn-tcp': 500,
  'turn-tls': 500,
  'relay-udp': 5_000,
  'relay-tcp': 5_000,
  'relay-tls': 5_000,
};

/** How a step ends. */
export interface Outcome<Findings = TestFindings[TestStepId]> {
  state: Exclude<TestStepState, 'waiting' | 'running'>;
  problem?: TestProblem;
  findings?: Findings;
}

export type EndReason = 'stopped' | 'server-gone' | 'out-of-time';

interface Row extends Outcome {
  id: TestStepId;
  running?: { since: number; usualMs: number };
}

/** Where the steps write what they found, and the test's reader reads it. */
export class Board {
  readonly #rows = new Map<TestStepId, Row | undefined>();
  readonly #waiters = new Set<() => void>();
  #target: { host: string; port: number };
  #end: { verdict: TestVerdict; advice: readonly TestAdvice[] } | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #version = 0;

  constructor(target: { host: string; port: number }) {
    this.#target = target;
    for (const id of Object.keys(USUAL_MS) as TestStepId[]) this.#rows.set(id, undefined);
  }

  set target(target: { host: string; port: number }) {
    this.#target = target;
    this.#changed();
  }

  begin(id: TestStepId, usualMs = USUAL_MS[id]): void {
    this.#rows.set(id, { id, state: 'skipped', running: { since: performance.now(), usualMs } });
    this.#ticker ??= setInterval(() => this.#changed(), TICK_MS);
    this.#changed();
  }

  /** Also for a step that has ended: what is found out later may change what is to be said about it. */
  finish<Id extends TestStepId>(id: Id, outcome: Outcome<TestFindings[Id]>): void {
    this.#rows.set(id, { id, ...outcome });
    this.#changed();
  }

  outcome<Id extends TestStepId>(id: Id): Outcome<TestFindings[Id]> | undefined {
    const row = this.#rows.get(id);
    return row && !row.running ? (row as Outcome<TestFindings[Id]>) : undefined;
  }

  /** Ends whatever has not ended by itself. */
  cutShort(reason: EndReason): void {
    for (const [id, row] of this.#rows) {
      if (row && !row.running) continue;
      const failed = row !== undefined && reason === 'server-gone';
      this.finish(id, { state: failed ? 'failed' : 'skipped', problem: reason });
    }
  }

  close(verdict: TestVerdict, advice: readonly TestAdvice[]): void {
    clearInterval(this.#ticker);
    this.#end = { verdict, advice };
    this.#changed();
  }

  /** Every report that the reader is quick enough for; the last one always. */
  async *reports(): AsyncGenerator<ConnectionTestReport, void> {
    for (;;) {
      const version = this.#version;
      yield this.#report();
      if (this.#version > version) continue;
      if (this.#end) return;
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  #changed(): void {
    this.#version++;
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }

  #report(): ConnectionTestReport {
    const steps = [...this.#rows].map(([id, row]) => stepOf(id, row));
    const usual = steps.map(({ id }) => USUAL_MS[id]);
    const done = steps.map(({ progress }, index) => progress * (usual[index] ?? 0));
    const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
    return {
      ...this.#target,
      steps,
      progress: this.#end ? 1 : sum(done) / sum(usual),
      advice: this.#end?.advice ?? [],
      ...(this.#end ? { verdict: this.#end.verdict } : {}),
    };
  }
}

function stepOf(id: TestStepId, row: Row | undefined): TestStep {
  if (!row) return { id, state: 'waiting', progress: 0 };
  if (row.running) {
    const { since, usualMs } = row.running;
    // It never looks finished before it is.
    return { id, state: 'running', progress: Math.min(0.95, (performance.now() - since) / usualMs) };
  }
  const { state, problem, findings } = row;
  return {
    id,
    state,
    progress: 1,
    ...(problem === undefined ? {} : { problem }),
    ...(findings === undefined ? {} : { findings }),
  } as TestStep;
}
