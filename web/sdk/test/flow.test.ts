import { expect, it } from 'vitest';
import { Flow, LOOK_MS } from '../src/flow';

function begin(roundTripMs = 0) {
  const flow = new Flow();
  const changes: boolean[] = [];
  let quiet = 0;
  let now = 0;
  let received = 0;
  flow.on('change', (flows) => changes.push(flows));
  flow.on('quiet', () => quiet++);
  /** As many looks, with so many bytes between them. */
  const look = (times: number, bytes: number, every = LOOK_MS) => {
    for (let i = 0; i < times; i++) flow.look((received += bytes), roundTripMs, (now += every));
  };
  return { look, changes, quiet: () => quiet };
}

it('a second without a packet is silence, told once', () => {
  const { look, changes } = begin();
  look(5, 100);
  look(3, 0);
  expect(changes).toEqual([true]);
  look(1, 0);
  expect(changes).toEqual([true, false]);
  look(50, 0);
  expect(changes).toEqual([true, false]);
});

it('the first packet after it ends it', () => {
  const { look, changes } = begin();
  look(1, 100);
  look(10, 0);
  look(1, 1);
  expect(changes).toEqual([true, false, true]);
});

it('before anything has come there is nothing to miss', () => {
  const { look, changes, quiet } = begin();
  look(100, 0);
  expect([changes, quiet()]).toEqual([[], 0]);
});

it('an answer is provoked before silence means anything', () => {
  const { look, quiet } = begin();
  look(5, 100);
  expect(quiet()).toBe(0);
  look(1, 0);
  expect(quiet()).toBe(1);
  // The answer came; and nothing is provoked any more once it is silent.
  look(1, 28);
  look(50, 0);
  expect(quiet()).toBe(4);
});

it('a far peer gets time to answer, within reason', () => {
  const far = begin(500);
  far.look(1, 100);
  far.look(8, 0);
  expect(far.changes).toEqual([true]);
  far.look(1, 0);
  expect(far.changes).toEqual([true, false]);
  const absurd = begin(60_000);
  absurd.look(1, 100);
  absurd.look(14, 0);
  expect(absurd.changes).toEqual([true, false]);
});

it('a page that was held up has not listened: that is no silence', () => {
  const { look, changes } = begin();
  look(5, 100);
  look(2, 0, 5_000);
  look(1, 100);
  expect(changes).toEqual([true]);
});

it('a path that is removed takes its count along; what comes on the others still counts', () => {
  const { look, changes } = begin();
  look(5, 1_000);
  look(1, -4_000);
  look(2, 100);
  look(3, 0);
  expect(changes).toEqual([true]);
  look(1, -100);
  expect(changes).toEqual([true, false]);
});
