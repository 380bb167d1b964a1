import type { Room, StatsDetail } from '@kaigi/client';
import { useEffect, useState } from 'react';
import { createStore, type Store } from '../core/store';

/** Three minutes at one sample a second. */
export const historySamples = 180;
export const historyMilliseconds = historySamples * 1000;

export type StatsHistory = Pick<Store<readonly StatsDetail[]>, 'get' | 'subscribe'>;

/** The newest sample at the end; the oldest go. */
export function append(samples: readonly StatsDetail[], next: StatsDetail): readonly StatsDetail[] {
  return [...samples, next].slice(-historySamples);
}

/** Keeps the last minutes from the start of a meeting on: who looks when something is odd wants to see how it came. */
export function useStatsHistory(room: Room): StatsHistory {
  const [history] = useState(() => createStore<readonly StatsDetail[]>([]));
  useEffect(
    () => room.on('stats-detail', (detail) => history.set((samples) => append(samples, detail))),
    [room, history],
  );
  return history;
}
