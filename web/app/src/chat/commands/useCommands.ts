import type { Room } from '@kaigi/client';
import i18next from 'i18next';
import { useEffect, useId, useMemo, useState, type KeyboardEvent } from 'react';
import { showToast } from '../../core/toasts';
import type { Completion } from './complete';
import type * as desk from './desk';

type Desk = typeof desk;

let loaded: Desk | undefined;
const load = async (): Promise<Desk> => (loaded ??= await import('./desk'));

/** Commands in the message box: the list of how to go on, and doing what is asked for. */
export interface Commands {
  id: string;
  options: readonly Completion[];
  active: number;
  choose(index: number): void;
  /** True for the keys that operate the list. */
  onKey(event: KeyboardEvent): boolean;
  /** Sends a message, or does what is commanded. */
  send(text: string): void;
}

/** Their code comes with the first slash. */
export function useCommands(
  room: Room,
  text: string,
  onText: (text: string) => void,
  onMessage: (text: string) => void,
): Commands {
  const id = useId();
  const [desk, setDesk] = useState(() => loaded);
  const [closedFor, setClosedFor] = useState<string>();
  const [chosen, setChosen] = useState({ text, index: 0 });
  const slash = text.startsWith('/');
  useEffect(() => {
    // Without its code there is no list; sending says what is wrong.
    if (slash && !desk) load().then(setDesk, () => undefined);
  }, [slash, desk]);
  const options = useMemo(
    () => (desk && slash && closedFor !== text ? desk.completions(text, room) : []),
    [desk, slash, closedFor, text, room],
  );
  const active = chosen.text === text ? Math.min(chosen.index, options.length - 1) : 0;
  const move = (step: number) =>
    setChosen({ text, index: (active + step + options.length) % options.length });
  const choose = (index: number) => {
    const option = options[index];
    if (option) onText(option.text);
  };

  return {
    id,
    options,
    active,
    choose,
    onKey(event) {
      if (
        options.length === 0 ||
        event.nativeEvent.isComposing ||
        event.altKey ||
        event.ctrlKey ||
        event.metaKey
      )
        return false;
      switch (event.key) {
        case 'ArrowDown':
          move(1);
          break;
        case 'ArrowUp':
          move(-1);
          break;
        case 'Tab':
          if (event.shiftKey) return false;
          choose(active);
          break;
        case 'Enter':
          // What is written in full is done.
          if (event.shiftKey || options[active]?.text.trim() === text.trim()) return false;
          choose(active);
          break;
        case 'Escape':
          setClosedFor(text);
          break;
        default:
          return false;
      }
      event.preventDefault();
      return true;
    },
    send(written) {
      if (!written.startsWith('/')) return onMessage(written);
      load().then(
        ({ take }) => {
          const message = take(written, room);
          if (message !== undefined) onMessage(message);
        },
        () => {
          onText(written);
          showToast({
            tone: 'error',
            title: i18next.t('error.unreachable.title'),
            text: i18next.t('error.unreachable.text'),
          });
        },
      );
    },
  };
}
