import i18next from 'i18next';
import { useEffect, useState, type ComponentType } from 'react';
import { showToast } from '../core/toasts';

const waiting: (() => Promise<unknown>)[] = [];

/** Fetches what was put off, when the page has nothing else to do: a lost server then costs nothing. */
export function fetchLater(): () => void {
  const timer = setTimeout(() => {
    for (const fetch of waiting) fetch().catch(() => undefined);
  }, 2500);
  return () => clearTimeout(timer);
}

/**
 * A component whose code comes when it is needed. Unlike `React.lazy`, a failure to fetch it says so and
 * closes it: in the middle of a call nothing may fall over because the server is away.
 */
export function later<P extends { onClose: () => void }>(
  load: () => Promise<{ default: ComponentType<P> }>,
): ComponentType<P> {
  let loaded: ComponentType<P> | undefined;
  const fetch = async () => {
    loaded ??= (await load()).default;
    return loaded;
  };
  waiting.push(fetch);

  return function Later(props: P) {
    const [Component, setComponent] = useState(() => loaded);
    const { onClose } = props;
    useEffect(() => {
      if (Component) return;
      fetch().then(
        (found) => setComponent(() => found),
        () => {
          showToast({
            tone: 'error',
            title: i18next.t('error.unreachable.title'),
            text: i18next.t('error.unreachable.text'),
          });
          onClose();
        },
      );
    }, [Component, onClose]);
    return Component ? <Component {...props} /> : null;
  };
}

const firstTryMilliseconds = 800;
const againMilliseconds = 10_000;

/** Does what can wait once the page has settled, and again until it succeeds. Returns how to stop it. */
export function whenIdle(work: () => Promise<unknown>): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const run = () => void work().catch(() => (timer = setTimeout(run, againMilliseconds)));
  timer = setTimeout(run, firstTryMilliseconds);
  return () => clearTimeout(timer);
}
