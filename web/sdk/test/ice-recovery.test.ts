import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { IceRecovery } from '../src/ice-recovery';

function begin(patience = 0) {
  const recovery = new IceRecovery(patience);
  const states: string[] = [];
  let restarts = 0;
  recovery.on('restart', () => restarts++);
  recovery.on('state', (state) => states.push(state));
  return { recovery, states, restarts: () => restarts };
}
const up = (patience = 0) => {
  const begun = begin(patience);
  begun.recovery.handleConnectionState('connected');
  begun.states.length = 0;
  return begun;
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('a flash of "disconnected" is not told and not acted on', async () => {
  const { recovery, states, restarts } = up();
  recovery.handleConnectionState('disconnected');
  await vi.advanceTimersByTimeAsync(2_500);
  recovery.handleConnectionState('connected');
  await vi.advanceTimersByTimeAsync(60_000);
  expect([states, restarts()]).toEqual([[], 0]);
});

it('after three seconds of "disconnected" ICE is restarted', async () => {
  const { recovery, states, restarts } = up();
  recovery.handleConnectionState('disconnected');
  await vi.advanceTimersByTimeAsync(3_100);
  expect([states, restarts()]).toEqual([['connecting'], 1]);
});

it('"failed" is acted on at once, by the polite side a moment later', async () => {
  const [impolite, polite] = [up(), up(1_000)];
  impolite.recovery.handleConnectionState('failed');
  polite.recovery.handleConnectionState('failed');
  await vi.advanceTimersByTimeAsync(10);
  expect([impolite.restarts(), polite.restarts()]).toEqual([1, 0]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(polite.restarts()).toBe(1);
});

it('the user hears of failure after some tries; the tries go on for ever, slowly', async () => {
  const { recovery, states, restarts } = up();
  recovery.handleConnectionState('failed');
  await vi.advanceTimersByTimeAsync(27_000);
  expect(states).toEqual(['connecting', 'failed']);
  const before = restarts();
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(restarts() - before).toBeGreaterThan(15);
  expect(restarts() - before).toBeLessThan(25);
  recovery.handleConnectionState('connected');
  expect(states.at(-1)).toBe('connected');
});

it('a first connection that takes too long is helped', async () => {
  const { restarts } = begin();
  await vi.advanceTimersByTimeAsync(9_900);
  expect(restarts()).toBe(0);
  await vi.advanceTimersByTimeAsync(200);
  expect(restarts()).toBe(1);
});

it('while signals cannot get through, tries wait; then one is made at once', async () => {
  const { recovery, restarts } = up();
  recovery.handleReachable(false);
  recovery.handleConnectionState('failed');
  await vi.advanceTimersByTimeAsync(120_000);
  expect(restarts()).toBe(0);
  recovery.handleReachable(true);
  expect(restarts()).toBe(1);
});

it('a connection that came back by itself meanwhile is left alone', async () => {
  const { recovery, restarts } = up();
  recovery.handleReachable(false);
  recovery.handleConnectionState('failed');
  await vi.advanceTimersByTimeAsync(1_000);
  recovery.handleConnectionState('connected');
  recovery.handleReachable(true);
  expect(restarts()).toBe(0);
});

it('asked for while all is well, it is one restart that nobody hears of', async () => {
  const { recovery, states, restarts } = up();
  recovery.restartNow();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([states, restarts()]).toEqual([[], 1]);
});
