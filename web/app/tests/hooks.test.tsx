import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { isTyping, useLasting, useSettled } from '../src/core/hooks';

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
});
afterEach(() => vi.useRealTimers());

/** Renders a hook with changing arguments and hands out its result. */
function follow<A, R>(hook: (argument: A) => R) {
  const root = createRoot(document.createElement('div'));
  let result: R | undefined;
  function Probe({ argument }: { argument: A }) {
    result = hook(argument);
    return null;
  }
  return {
    show: async (argument: A) => act(async () => root.render(<Probe argument={argument} />)),
    wait: async (milliseconds: number) => act(async () => vi.advanceTimersByTime(milliseconds)),
    get result() {
      return result;
    },
  };
}

const works = (path: string) => path === 'direct' || path === 'relayed';

it('a short break of a working path is not shown, a lasting one is', async () => {
  const path = follow((value: string) =>
    useSettled(value, (next, shown) => works(next) || !works(shown), 2000),
  );
  await path.show('connecting');
  await path.show('direct');
  expect(path.result).toBe('direct');
  await path.show('connecting');
  await path.wait(1500);
  expect(path.result).toBe('direct');
  await path.show('relayed');
  expect(path.result).toBe('relayed');
  await path.show('failed');
  await path.wait(2000);
  expect(path.result).toBe('failed');
});

it('what holds from the start is lasting only after its time', async () => {
  const lasting = follow((condition: boolean) => useLasting(condition, 10_000));
  await lasting.show(true);
  expect(lasting.result).toBe(false);
  await lasting.wait(9_999);
  expect(lasting.result).toBe(false);
  await lasting.wait(1);
  expect(lasting.result).toBe(true);
  await lasting.show(false);
  expect(lasting.result).toBe(false);
});

it('shortcuts keep out of fields and dialogs', () => {
  document.body.innerHTML =
    '<button id="a"></button><input id="b"><textarea id="c"></textarea><select id="d"></select><div role="dialog"><button id="e"></button></div>';
  const typing = ['a', 'b', 'c', 'd', 'e'].filter((id) => isTyping(document.getElementById(id)));
  expect(typing).toEqual(['b', 'c', 'd', 'e']);
});
