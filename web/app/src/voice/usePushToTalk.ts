import type { LocalMedia } from '@kaigi/client';
import { useEffect, useRef, useState } from 'react';
import { spaceIsFree, TalkKey } from './talk-key';

/** Hold the space bar to talk. Returns whether it is held, and holds the microphone on. */
export function usePushToTalk(
  media: LocalMedia,
  enabled: boolean,
  keepOpen: (keep: boolean) => void,
  onError: (error: unknown) => void,
): boolean {
  const [holding, setHolding] = useState(false);
  const report = useRef(onError);
  useEffect(() => {
    report.current = onError;
  });

  useEffect(() => {
    if (!enabled) return;
    const key = new TalkKey({
      isOn: () => media.state.mic,
      turn: (on) => media.setMic(on),
      keepOpen,
      onHolding: setHolding,
      onError: (error) => report.current(error),
    });
    const life = new AbortController();
    const listen = (target: EventTarget, type: string, listener: (event: Event) => void) =>
      target.addEventListener(type, listener, { capture: true, signal: life.signal });
    // `:focus-visible` would do, did it not turn true with the very key that is pressed here.
    let pointer = false;
    let focusedByPointer = false;
    /** The space bar is down, and it is ours: no button may see it go up. */
    let ours = false;
    const release = () => {
      ours = false;
      key.release();
    };

    listen(window, 'pointerdown', () => (pointer = true));
    listen(window, 'focusin', () => (focusedByPointer = pointer));
    listen(window, 'keydown', (event) => {
      pointer = false;
      if (!isPlainSpace(event as KeyboardEvent)) return;
      if ((event as KeyboardEvent).repeat) {
        if (ours) event.preventDefault();
        return;
      }
      if (event.defaultPrevented || !spaceIsFree(event.target, focusedByPointer)) return;
      event.preventDefault();
      ours = true;
      key.press();
    });
    listen(window, 'keyup', (event) => {
      if ((event as KeyboardEvent).code !== 'Space' || !ours) return;
      event.preventDefault();
      release();
    });
    // Somebody else gets the key's release then.
    listen(window, 'blur', ({ target }) => !(target instanceof Node) && release());
    listen(window, 'pagehide', release);
    listen(document, 'visibilitychange', () => document.visibilityState === 'hidden' && release());
    return () => {
      life.abort();
      key.stop();
    };
  }, [media, enabled, keepOpen]);
  return holding;
}

function isPlainSpace(event: KeyboardEvent): boolean {
  const { code, ctrlKey, metaKey, altKey, shiftKey, isComposing } = event;
  return code === 'Space' && !ctrlKey && !metaKey && !altKey && !shiftKey && !isComposing;
}
