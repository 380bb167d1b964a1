import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IceRecovery } from '../src/ice-recovery';

function begin(patience = 0) {
  const recovery = new IceRecovery(patience);
  const states: string[] = [];
  let [restarts, renewals] = [0, 0];
  recovery.on('restart', () => restarts++);
  recovery.on('renew', () => renewals++);
  recovery.on('state', (state) => states.push(state));
  return { recovery, states, restarts: () => restarts, renewals: () => renewals };
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

describe('silence', () => {
  it('is met with a restart at once, by the polite side a moment later; the user is not told', async () => {
    const [impolite, polite] = [up(), up(1_000)];
    for (const { recovery } of [impolite, polite]) recovery.handleFlow(false);
    await vi.advanceTimersByTimeAsync(10);
    expect([impolite.restarts(), polite.restarts()]).toEqual([1, 0]);
    await vi.advanceTimersByTimeAsync(300);
    expect([impolite.restarts(), polite.restarts()]).toEqual([1, 1]);
    expect([...impolite.states, ...polite.states]).toEqual([]);
  });

  it('that the restart does not end is met with another connection', async () => {
    const { recovery, restarts, renewals } = up();
    recovery.handleFlow(false);
    await vi.advanceTimersByTimeAsync(500);
    expect(renewals()).toBe(0);
    await vi.advanceTimersByTimeAsync(200);
    expect([restarts(), renewals()]).toEqual([1, 1]);
  });

  it('that goes on even so is met with further tries, whatever the browser says meanwhile', async () => {
    const { recovery, states, restarts, renewals } = up();
    recovery.handleFlow(false);
    await vi.advanceTimersByTimeAsync(700);
    recovery.handleRenewed();
    recovery.handleConnectionState('disconnected');
    await vi.advanceTimersByTimeAsync(5_100);
    expect([restarts(), renewals()]).toEqual([2, 1]);
    expect(states).toEqual(['connecting']);
  });

  it('needs nothing more once packets come again', async () => {
    const { recovery, states, restarts, renewals } = up();
    recovery.handleFlow(false);
    await vi.advanceTimersByTimeAsync(500);
    recovery.handleFlow(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([states, restarts(), renewals()]).toEqual([[], 1, 0]);
  });

  it('in which the other goes ahead is not restarted twice', async () => {
    const { recovery, restarts, renewals } = up(1_000);
    recovery.handleFlow(false);
    await vi.advanceTimersByTimeAsync(100);
    recovery.handleNegotiated();
    await vi.advanceTimersByTimeAsync(800);
    expect([restarts(), renewals()]).toEqual([0, 0]);
    await vi.advanceTimersByTimeAsync(200);
    expect([restarts(), renewals()]).toEqual([0, 1]);
  });

  it('with the server out of reach too: the restart gets its time once it can be heard of', async () => {
    const { recovery, restarts, renewals } = up();
    recovery.handleFlow(false);
    await vi.advanceTimersByTimeAsync(500);
    recovery.handleReachable(false);
    await vi.advanceTimersByTimeAsync(10_000);
    recovery.handleReachable(true);
    await vi.advanceTimersByTimeAsync(500);
    expect([restarts(), renewals()]).toEqual([1, 0]);
    await vi.advanceTimersByTimeAsync(200);
    expect([restarts(), renewals()]).toEqual([1, 1]);
  });

  it('before the connection is up is for the timers of the first connection', async () => {
    const { recovery, restarts } = begin();
    recovery.handleFlow(false);
    await vi.advanceTimersByTimeAsync(9_900);
    expect(restarts()).toBe(0);
  });
});
