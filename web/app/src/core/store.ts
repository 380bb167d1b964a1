import { useMemo, useSyncExternalStore } from 'react';

/** A value with listeners, for the few things that live outside React's tree. */
export interface Store<T> {
  get(): T;
  set(next: T | ((previous: T) => T)): void;
  subscribe(listener: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      const resolved = next instanceof Function ? next(value) : next;
      if (Object.is(resolved, value)) return;
      value = resolved;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useStore<T>(store: Pick<Store<T>, 'get' | 'subscribe'>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}

/**
 * Follows an object that changes in place and says so by events (the SDK's `Room` and `LocalMedia`):
 * `read` copies what the view needs, once per event and never in between.
 */
export function useSnapshot<S extends object, T>(
  source: S,
  listen: (source: S, notify: () => void) => () => void,
  read: (source: S) => T,
): T {
  const follower = useMemo(() => follow(source, listen, read), [source, listen, read]);
  return useSyncExternalStore(follower.subscribe, follower.get);
}

function follow<S, T>(
  source: S,
  listen: (source: S, notify: () => void) => () => void,
  read: (source: S) => T,
): Pick<Store<T>, 'get' | 'subscribe'> {
  let value = read(source);
  return {
    get: () => value,
    subscribe(notify) {
      const update = () => {
        value = read(source);
        notify();
      };
      const stop = listen(source, update);
      // What happened between the first render and this subscription.
      update();
      return stop;
    },
  };
}
