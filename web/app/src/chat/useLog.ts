import type { ChatEntry } from '@kaigi/client';
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type RefObject,
  type UIEvent,
  type WheelEvent,
} from 'react';
import { around, further, isBehind, rangeOf, stay, type Place, type Range } from './window';

/** Within this of the end, new messages scroll into view by themselves. */
const nearEndPixels = 80;
/** Within this of an edge of what is drawn, the next lines are. */
const nearEdgePixels = 400;
const flashMilliseconds = 2000;

export interface Log extends Range {
  ref: RefObject<HTMLDivElement | null>;
  /** One reads the end, and new lines are told as they come. */
  following: boolean;
  /** New lines have come that one does not see. */
  behind: boolean;
  /** The line that has been jumped to. */
  flashed: number | undefined;
  toEnd(): void;
  jumpTo(id: number): void;
  onScroll(event: UIEvent<HTMLElement>): void;
  onWheel(event: WheelEvent<HTMLElement>): void;
}

/** Which lines of the chat are drawn, and where one reads: at the end, which is followed, or further up, which stays. */
export function useLog(entries: readonly ChatEntry[], below: unknown): Log {
  const ref = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<Place>('end');
  const [flashed, setFlashed] = useState<number>();
  const height = useRef(0);
  /** A line that is to stay where it is on the screen while others are drawn around it. */
  const anchor = useRef<{ id: number; top: number }>(undefined);
  const target = useRef<number>(undefined);
  const { start, end } = rangeOf(entries, place);
  const following = place === 'end';
  const followed = useRef(following);

  const scrollToEnd = useCallback(() => {
    ref.current?.scrollTo({ top: ref.current.scrollHeight });
  }, []);

  useLayoutEffect(() => {
    followed.current = following;
    const log = ref.current;
    if (!log) return;
    if (target.current !== undefined) {
      const line = lineElement(log, target.current);
      target.current = undefined;
      anchor.current = undefined;
      if (line) show(line);
    } else if (following) {
      scrollToEnd();
    } else if (anchor.current) {
      const line = lineElement(log, anchor.current.id);
      if (line) log.scrollTop += line.getBoundingClientRect().top - anchor.current.top;
      anchor.current = undefined;
    }
  }, [entries, start, following, below, scrollToEnd]);

  // A phone's keyboard, a banner or a longer text in the box take height away: the end stays in view.
  useEffect(() => {
    const log = ref.current;
    if (!log) return;
    const observer = new ResizeObserver(() => {
      height.current = log.clientHeight;
      if (followed.current) scrollToEnd();
    });
    observer.observe(log);
    return () => observer.disconnect();
  }, [scrollToEnd]);

  useEffect(() => {
    if (flashed === undefined) return;
    const timer = setTimeout(() => setFlashed(undefined), flashMilliseconds);
    return () => clearTimeout(timer);
  }, [flashed]);

  const move = (log: HTMLElement, direction: 'up' | 'down') => {
    const next = further(entries, place, direction);
    if (next === place) return;
    const seen = log.getBoundingClientRect().top;
    for (const line of log.querySelectorAll<HTMLElement>('[data-line]')) {
      const { top, bottom } = line.getBoundingClientRect();
      if (bottom <= seen) continue;
      anchor.current = { id: Number(line.dataset.line), top };
      break;
    }
    setPlace(next);
  };

  return {
    ref,
    start,
    end,
    following,
    behind: isBehind(entries, place),
    flashed,
    toEnd: useCallback(() => {
      target.current = undefined;
      setPlace('end');
      scrollToEnd();
    }, [scrollToEnd]),
    jumpTo: (id) => {
      const line = ref.current && lineElement(ref.current, id);
      setFlashed(id);
      if (line) {
        setPlace(stay(entries, place));
        show(line);
      } else {
        target.current = id;
        setPlace(around(entries, id, place));
      }
    },
    onScroll: (event) => {
      const log = event.currentTarget;
      const { scrollHeight, scrollTop, clientHeight } = log;
      // The browser shifting what it shows while the height changes: the observer answers that.
      if (clientHeight !== height.current || target.current !== undefined) return;
      const left = scrollHeight - scrollTop - clientHeight;
      if (end === entries.length && left < nearEndPixels) setPlace('end');
      else if (scrollTop < nearEdgePixels && start > 0) move(log, 'up');
      else if (left < nearEdgePixels && end < entries.length) move(log, 'down');
      else if (following) setPlace(stay(entries, place));
    },
    // Before the next line comes and takes one back to the end.
    onWheel: ({ deltaY, currentTarget: log }) => {
      if (deltaY < 0 && following && log.scrollTop > 0) setPlace(stay(entries, place));
    },
  };
}

function show(line: HTMLElement) {
  line.scrollIntoView({ block: 'center' });
  line.focus({ preventScroll: true });
}

function lineElement(log: HTMLElement, id: number): HTMLElement | null {
  return log.querySelector(`[data-line="${id}"]`);
}
