import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
  type RefObject,
} from 'react';

/** The size of an element's content box, followed. */
export function useSize(element: RefObject<HTMLElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const target = element.current;
    if (!target) return;
    const measure = () => {
      const next = { width: target.clientWidth, height: target.clientHeight };
      setSize((previous) =>
        previous.width === next.width && previous.height === next.height ? previous : next,
      );
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  return size;
}

export function useMediaQuery(query: string): boolean {
  const subscribe = useCallback(
    (notify: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', notify);
      return () => list.removeEventListener('change', notify);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/**
 * A value that settles: changes `hasty` calls for are shown at once, others only when they last
 * `milliseconds`. (Chromium flashes "disconnected" while it changes paths.)
 */
export function useSettled<T>(value: T, hasty: (value: T, shown: T) => boolean, milliseconds: number): T {
  const [shown, setShown] = useState(value);
  const now = !Object.is(value, shown) && hasty(value, shown);
  if (now) setShown(value);
  useEffect(() => {
    if (Object.is(value, shown)) return;
    const timer = setTimeout(() => setShown(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, shown, milliseconds]);
  return now ? value : shown;
}

/** Seconds until a moment, counted down while it lies ahead. */
export function useCountdown(until: number | undefined): number {
  const read = useCallback(
    () => (until === undefined ? 0 : Math.max(0, Math.ceil((until - Date.now()) / 1000))),
    [until],
  );
  const subscribe = useCallback((notify: () => void) => {
    const timer = setInterval(notify, 250);
    return () => clearInterval(timer);
  }, []);
  return useSyncExternalStore(subscribe, read);
}

/** True once `condition` has held for so long without a break. */
export function useLasting(condition: boolean, milliseconds: number): boolean {
  const [lasted, setLasted] = useState(false);
  if (!condition && lasted) setLasted(false);
  useEffect(() => {
    if (!condition) return;
    const timer = setTimeout(() => setLasted(true), milliseconds);
    return () => clearTimeout(timer);
  }, [condition, milliseconds]);
  return condition && lasted;
}

export interface Shortcut {
  key: string;
  run: () => void;
}

/** Single-key shortcuts that stay out of the way of typing, of selects and of browser shortcuts. */
export function useShortcuts(shortcuts: readonly Shortcut[], enabled = true): void {
  const current = useRef(shortcuts);
  useEffect(() => {
    current.current = shortcuts;
  });
  useEffect(() => {
    if (!enabled) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
      if (isTyping(event.target)) return;
      const shortcut = current.current.find((one) => one.key === event.key.toLowerCase());
      if (!shortcut) return;
      event.preventDefault();
      shortcut.run();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [enabled]);
}

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest('input, textarea, select, [role="dialog"]') !== null;
}

/** Keeps the screen of a phone on. */
export function useWakeLock(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | undefined;
    let done = false;
    const request = () => {
      if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
      navigator.wakeLock.request('screen').then(
        (sentinel) => {
          if (done) void sentinel.release();
          else lock = sentinel;
        },
        () => undefined,
      );
    };
    request();
    document.addEventListener('visibilitychange', request);
    return () => {
      done = true;
      document.removeEventListener('visibilitychange', request);
      void lock?.release();
    };
  }, []);
}

/** The page's title; undefined leaves it to somebody else. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    if (title !== undefined) document.title = title;
  }, [title]);
}

const onFullscreen = (notify: () => void) => {
  document.addEventListener('fullscreenchange', notify);
  return () => document.removeEventListener('fullscreenchange', notify);
};

/** True while this element (without one: anything) fills the screen. */
export function useFullscreen(element?: RefObject<HTMLElement | null>): boolean {
  return useSyncExternalStore(onFullscreen, () =>
    element
      ? document.fullscreenElement !== null && document.fullscreenElement === element.current
      : document.fullscreenElement !== null,
  );
}
