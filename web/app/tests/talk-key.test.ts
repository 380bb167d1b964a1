import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openAfterTalkMilliseconds, spaceIsFree, TalkKey } from '../src/voice/talk-key';

let done: string[];
let on: boolean;
let failure: Error | undefined;
let key: TalkKey;

beforeEach(() => {
  vi.useFakeTimers();
  [done, on, failure] = [[], false, undefined];
  key = new TalkKey({
    isOn: () => on,
    turn: async (wanted) => {
      done.push(wanted ? 'on' : 'off');
      if (wanted && failure) throw failure;
      on = wanted;
    },
    keepOpen: (keep) => done.push(keep ? 'keep open' : 'may close'),
    onHolding: (holding) => done.push(holding ? 'holding' : 'not holding'),
    onError: (error) => done.push(String(error)),
  });
});
afterEach(() => vi.useRealTimers());

describe('the talk key', () => {
  it('turns the microphone on while it is held', () => {
    key.press();
    expect(done).toEqual(['holding', 'keep open', 'on']);
    key.release();
    expect(done.slice(3)).toEqual(['not holding', 'off']);
  });

  it('lets the device close a minute after the last word', () => {
    key.press();
    key.release();
    vi.advanceTimersByTime(openAfterTalkMilliseconds - 1_000);
    key.press();
    vi.advanceTimersByTime(openAfterTalkMilliseconds);
    expect(done).not.toContain('may close');
    key.release();
    vi.advanceTimersByTime(openAfterTalkMilliseconds - 1);
    expect(done).not.toContain('may close');
    vi.advanceTimersByTime(1);
    expect(done.at(-1)).toBe('may close');
  });

  it('leaves a microphone alone that is on already', () => {
    on = true;
    key.press();
    key.release();
    expect(done).toEqual([]);
    expect(on).toBe(true);
  });

  it('that is pressed twice without being let go of is pressed once', () => {
    key.press();
    key.press();
    expect(done.filter((step) => step === 'on')).toHaveLength(1);
  });

  it('is let go of when the microphone cannot be opened, and that is said', async () => {
    failure = new Error('blocked');
    key.press();
    await vi.advanceTimersByTimeAsync(0);
    expect(done).toContain('not holding');
    expect(done.at(-1)).toBe('Error: blocked');
    failure = undefined;
    key.press();
    expect(on).toBe(true);
  });

  it('leaves nothing on when it stops', () => {
    key.press();
    key.stop();
    expect(on).toBe(false);
    expect(done.at(-1)).toBe('may close');
    vi.advanceTimersByTime(2 * openAfterTalkMilliseconds);
    expect(done.filter((step) => step === 'may close')).toHaveLength(1);
  });
});

describe('the space bar', () => {
  const put = (html: string) => {
    document.body.innerHTML = html;
    return document.body.querySelector('#here') ?? document.body;
  };

  it.each(['<p id=here></p>', '<div><span id=here></span></div>', '<div role=group id=here></div>'])(
    'is free in %s',
    (html) => expect(spaceIsFree(put(html), false)).toBe(true),
  );

  it.each([
    '<button id=here></button>',
    '<button><svg id=here></svg></button>',
    '<input id=here>',
    '<textarea id=here></textarea>',
    '<select id=here></select>',
    '<details><summary id=here></summary></details>',
    '<a href="/" id=here></a>',
    '<div tabindex=0 id=here></div>',
    '<label><input type=checkbox id=here></label>',
    '<div role=switch id=here></div>',
  ])('is taken in %s', (html) => expect(spaceIsFree(put(html), false)).toBe(false));

  it('is taken while a dialog or a menu is open, wherever the focus is', () => {
    expect(spaceIsFree(put('<p id=here></p><div role=dialog></div>'), false)).toBe(false);
    expect(spaceIsFree(put('<p id=here></p><div role=menu></div>'), true)).toBe(false);
  });

  it('is free on a button that was clicked, but not in a field', () => {
    expect(spaceIsFree(put('<button id=here></button>'), true)).toBe(true);
    expect(spaceIsFree(put('<input id=here>'), true)).toBe(false);
    expect(spaceIsFree(put('<div tabindex=0 id=here></div>'), true)).toBe(false);
  });
});
