import type { ChatEntry, NewPoll, Poll } from '@kaigi/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answer, answerPrivately, edit, emptyDraft, moved, sent, withoutReference } from '../src/chat/draft';
import { actionsFor } from '../src/chat/LineMenu';
import { pasted, pollProblem, sameChoice, share, trimmed } from '../src/chat/polls/poll';
import { around, drawn, further, isBehind, rangeOf, stay } from '../src/chat/window';
import { calm } from '../src/core/calm';
import { handOrder } from '../src/together/hands';
import { floated, mostFloating, type Floating } from '../src/together/reactions';

const line = (id: number, from = 'ann', more: Partial<ChatEntry> = {}): ChatEntry => ({
  id,
  at: id,
  from,
  name: from.toUpperCase(),
  body: { type: 'message', text: `text ${id}` },
  ...more,
});
const nameOf = (id: string) => id.toUpperCase();

describe('what is being written', () => {
  const typed = { ...emptyDraft, text: 'hello' };

  it('answers among the same people: what is private stays private', () => {
    expect(answer(typed, line(1), 'me', nameOf)).toEqual({ text: 'hello', replyTo: 1 });
    const bob = { to: { id: 'bob', name: 'BOB' }, locked: true };
    expect(answer(typed, line(2, 'bob', { to: 'me' }), 'me', nameOf)).toEqual({
      text: 'hello',
      replyTo: 2,
      ...bob,
    });
    // To one's own private message: to the same one.
    expect(answer(typed, line(2, 'me', { to: 'bob' }), 'me', nameOf)).toMatchObject(bob);
    expect(answerPrivately(typed, line(3, 'bob'))).toMatchObject({ replyTo: 3, ...bob });
    // Answering everybody afterwards is not private any more.
    expect(answer(answerPrivately(typed, line(3, 'bob')), line(1), 'me', nameOf).to).toBeUndefined();
  });

  it('is kept aside during an edit and comes back', () => {
    const replying = answer(typed, line(1), 'me', nameOf);
    const editing = edit(replying, line(9, 'me'));
    expect(editing).toMatchObject({ text: 'text 9', editing: { id: 9 } });
    expect(withoutReference(editing)).toEqual(replying);
    // A second edit does not take the first for what was being written.
    expect(withoutReference(edit(editing, line(10, 'me')))).toEqual(replying);
    expect(edit(typed, line(9, 'me', { body: { type: 'deleted' } }))).toBe(typed);
  });

  it('refers to nothing in another room, and the next message is for the same', () => {
    expect(moved(edit(answer(typed, line(1), 'me', nameOf), line(9, 'me')))).toEqual({
      text: 'hello',
      to: undefined,
    });
    expect(sent(answerPrivately(typed, line(3, 'bob')))).toEqual({
      text: '',
      to: { id: 'bob', name: 'BOB' },
    });
  });
});

describe('what one may do with a line', () => {
  const me = { own: 'me', host: false, write: true, present: () => true };
  it.each([
    ['of somebody else', line(1), me, ['reply', 'reply-privately', 'copy']],
    ['of oneself', line(1, 'me'), me, ['reply', 'copy', 'edit', 'delete']],
    [
      'of somebody else, as a host',
      line(1),
      { ...me, host: true },
      ['reply', 'reply-privately', 'copy', 'delete'],
    ],
    ['that is private', line(1, 'bob', { to: 'me' }), me, ['reply', 'copy']],
    [
      'that is private, from one who has left',
      line(1, 'bob', { to: 'me' }),
      { ...me, present: () => false },
      ['copy'],
    ],
    ['of oneself, while nobody may write', line(1, 'me'), { ...me, write: false }, ['copy', 'delete']],
  ])('%s', (_, entry, may, actions) => {
    expect(actionsFor(entry, may)).toEqual(actions);
  });
});

describe('a long chat', () => {
  const entries = Array.from({ length: 2000 }, (_, index) => line(10 * (index + 1)));

  it('is drawn at its end, and never as a whole', () => {
    expect(rangeOf(entries, 'end')).toEqual({ start: 2000 - drawn, end: 2000 });
    expect(rangeOf([], 'end')).toEqual({ start: 0, end: 0 });
    let place = stay(entries, 'end');
    for (let step = 0; step < 100; step += 1) {
      place = further(entries, place, 'up');
      const { start, end } = rangeOf(entries, place);
      expect(end - start).toBe(drawn);
    }
    expect(rangeOf(entries, place).start).toBe(0);
    expect(further(entries, place, 'up')).toBe(place);
    for (let step = 0; step < 100; step += 1) place = further(entries, place, 'down');
    expect(rangeOf(entries, place).end).toBe(2000);
  });

  it('shows a line one jumps to', () => {
    const { start, end } = rangeOf(entries, around(entries, 5000, 'end'));
    const shown = entries.slice(start, end).map(({ id }) => id);
    expect(shown).toContain(5000);
    expect(shown).toHaveLength(drawn);
  });

  it('stays where one reads, also when its beginning is forgotten, and says that more has come', () => {
    const place = stay(entries, 'end');
    const more = [...entries.slice(100), line(20_001)];
    expect(more[rangeOf(more, place).start]).toBe(entries[rangeOf(entries, place).start]);
    expect([isBehind(entries, place), isBehind(more, place), isBehind(more, 'end')]).toEqual([
      false,
      true,
      false,
    ]);
    expect(rangeOf(entries, { first: 1, seen: 1 }).start).toBe(0);
  });
});

describe('a poll', () => {
  const poll = (options: string[], question = '?'): NewPoll => ({
    question,
    options,
    multiple: false,
    anonymous: false,
  });

  it.each([
    [poll(['a', 'b']), undefined],
    [poll([' a ', '', 'b']), undefined],
    [poll(['a', ' ']), { type: 'few' }],
    [poll(['a', 'b'], ' '), { type: 'question' }],
    [poll(Array.from({ length: 100 }, (_, index) => `${index}`)), { type: 'many', count: 100 }],
    [poll(['a', '会'.repeat(171)]), { type: 'long', bytes: 513 }],
    [poll(['a', 'b', 'a ']), { type: 'twice', text: 'a' }],
  ])('%#: what is wrong is said', (given, problem) => {
    expect(pollProblem(given)).toEqual(problem);
  });

  it('is asked without what was left empty', () =>
    expect(trimmed(poll([' a ', '', 'b'], ' ? '))).toEqual(poll(['a', 'b'])));

  it('takes a pasted list as options', () => {
    expect(pasted(['', ''], 0, 'a\r\n\n b \n')).toEqual(['a', 'b']);
    expect(pasted(['x', '', 'y'], 1, 'a\nb')).toEqual(['x', 'a', 'b', 'y']);
    expect(pasted(['', ''], 0, 'just one')).toBeUndefined();
  });

  it('has shares of those who voted', () => {
    const standing: Poll = { ...poll([]), options: [], voters: 3, closed: false };
    expect([share(standing, 3), share(standing, 0), share({ ...standing, voters: 0 }, 0)]).toEqual([1, 0, 0]);
    expect([sameChoice([0, 1], [1, 0]), sameChoice([0], [0, 1]), sameChoice([], [])]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

it('hands are in the order in which they were raised', () => {
  const order = handOrder([
    { id: 'ann', hand: 30 },
    { id: 'bob', hand: undefined },
    { id: 'cy', hand: 10 },
  ]);
  expect([...order]).toEqual([
    ['cy', 1],
    ['ann', 2],
  ]);
});

it('only so many reactions float at once, the newest', () => {
  const one = (key: number): Floating => ({
    key,
    from: 'a',
    reaction: 'clap',
    name: undefined,
    left: 0,
    top: 0,
  });
  let all: readonly Floating[] = [];
  for (let key = 0; key < 200; key += 1) all = floated(all, one(key));
  expect(all.map(({ key }) => key)).toEqual(Array.from({ length: mostFloating }, (_, index) => 188 + index));
});

describe('what is calmed', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('runs at once, then once for many, and the last is not lost', () => {
    const run = vi.fn();
    const calmed = calm(run, 100);
    for (let call = 0; call < 50; call += 1) calmed();
    expect(run).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(100);
    expect(run).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(1000);
    expect(run).toHaveBeenCalledTimes(2);
    calmed();
    expect(run).toHaveBeenCalledTimes(3);
    calmed();
    calmed(true);
    expect(run).toHaveBeenCalledTimes(4);
    calmed();
    calmed.stop();
    vi.advanceTimersByTime(1000);
    expect(run).toHaveBeenCalledTimes(4);
  });
});
