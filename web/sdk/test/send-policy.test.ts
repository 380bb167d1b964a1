import { describe, expect, it } from 'vitest';
import { limitOf, nextSendState, UNLIMITED } from '../src/sending/policy';
import type { SendSigns, SendState, Step } from '../src/sending/policy';

const FINE: Omit<SendSigns, 'at'> = {
  sending: true,
  cpuBound: false,
  available: 3_000_000,
  loss: 0,
  floor: 0,
};

/** Lets seconds pass, one after the other, and notes every change of the step. */
class Course {
  state: SendState = UNLIMITED;
  at = 0;
  readonly steps: [second: number, step: Step][] = [];

  pass(seconds: number, signs: Partial<SendSigns> = {}): this {
    for (let second = 0; second < seconds; second++) {
      this.at += 1_000;
      const before = this.state.step;
      this.state = nextSendState(this.state, { ...FINE, at: this.at, ...signs });
      if (this.state.step !== before) this.steps.push([this.at / 1_000, this.state.step]);
    }
    return this;
  }
}

describe('a processor that does not keep up', () => {
  it('makes the picture smaller after several seconds, and says why', () => {
    const course = new Course().pass(5, { cpuBound: true });
    expect(limitOf(course.state)).toBeUndefined();
    course.pass(1, { cpuBound: true });
    expect(limitOf(course.state)).toEqual({ step: 1, reason: 'cpu' });
  });

  it('for a moment is nothing', () => {
    const course = new Course();
    for (let round = 0; round < 20; round++) course.pass(4, { cpuBound: true }).pass(1);
    expect(course.steps).toEqual([]);
  });

  it('never takes the picture away', () => {
    expect(new Course().pass(120, { cpuBound: true }).state.step).toBe(2);
  });
});

describe('a line that carries too little', () => {
  it('makes the picture smaller, then small, then none, and then waits', () => {
    const course = new Course().pass(22, { available: 50_000 });
    expect(course.steps.map(([, step]) => step)).toEqual([1, 2, 3]);
    expect(limitOf(course.state)).toEqual({ step: 3, reason: 'bandwidth' });
  });

  it('takes no more than it has to', () => {
    expect(new Course().pass(60, { available: 200_000 }).state.step).toBe(1);
    expect(new Course().pass(60, { available: 100_000 }).state.step).toBe(2);
  });

  it('is given time to be found out, as after a start at 300 kbit/s', () => {
    const course = new Course().pass(3, { available: 120_000 }).pass(60, { available: 800_000 });
    expect(course.steps).toEqual([]);
  });

  it('that loses a fifth of everything counts as one, whatever is estimated', () => {
    expect(new Course().pass(6, { loss: 0.25 }).state).toMatchObject({ step: 1, reason: 'bandwidth' });
    expect(new Course().pass(120, { loss: 0.25 }).state.step).toBe(2);
  });

  it('of which nothing is known is not held against anybody', () => {
    expect(new Course().pass(60, { available: undefined }).steps).toEqual([]);
  });
});

describe('when it is fine again', () => {
  it('the picture comes back a step at a time', () => {
    const course = new Course().pass(15, { available: 100_000 });
    expect(course.state.step).toBe(2);
    course.pass(30);
    expect(course.steps.slice(-2).map(([, step]) => step)).toEqual([1, 0]);
    expect(limitOf(course.state)).toBeUndefined();
  });

  it('a line that carries just this much gets no more: there is no headroom', () => {
    const course = new Course().pass(6, { available: 200_000 }).pass(300, { available: 280_000 });
    expect(course.state.step).toBe(1);
  });

  it('a picture that was taken away is tried again, though the estimate has nothing to go by', () => {
    const course = new Course();
    while (course.state.step < 3) course.pass(1, { available: 50_000 });
    const { patienceMs } = course.state;
    while (course.state.step === 3) course.pass(1, { available: 50_000 });
    expect(course.steps.map(([, step]) => step)).toEqual([1, 2, 3, 2]);
    // In vain: the next try waits longer.
    expect(course.pass(5, { available: 50_000 }).state).toMatchObject({ step: 3, patienceMs: 2 * patienceMs });
  });

  it('does not flap: each step up that fails waits twice as long', () => {
    const course = new Course();
    // The processor manages the small picture and never the large one.
    for (let second = 0; second < 600; second++) course.pass(1, { cpuBound: course.state.step === 0 });
    const rises = course.steps.filter(([, step]) => step === 0).map(([second]) => second);
    const waits = rises.slice(1).map((second, index) => second - (rises[index] ?? 0));
    expect(rises.length).toBeLessThanOrEqual(7);
    expect(waits.every((wait, index) => index === 0 || wait >= (waits[index - 1] ?? 0))).toBe(true);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(120);
  });

  it('and has been for long, earlier failures are forgotten', () => {
    const course = new Course();
    for (let second = 0; second < 100; second++) course.pass(1, { cpuBound: course.state.step === 0 });
    expect(course.state.patienceMs).toBeGreaterThan(10_000);
    expect(course.pass(300).state.patienceMs).toBe(10_000);
  });
});

describe("one's own choice", () => {
  it('that is smaller anyway is no limit', () => {
    const course = new Course().pass(60, { floor: 2, available: 100_000 });
    expect(limitOf(course.state)).toBeUndefined();
    expect(course.state.step).toBe(2);
  });

  it('is where a step down begins, and where it ends again', () => {
    const course = new Course().pass(6, { floor: 1, available: 100_000 });
    expect(limitOf(course.state)).toEqual({ step: 2, reason: 'bandwidth' });
    expect(limitOf(course.pass(30, { floor: 1 }).state)).toBeUndefined();
    expect(course.state.step).toBe(1);
  });
});

it('nothing is said while no picture is sent', () => {
  const course = new Course().pass(60, { sending: false, available: 20_000, cpuBound: true });
  expect(course.state.step).toBe(0);
});
