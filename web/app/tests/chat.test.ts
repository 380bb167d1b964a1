import { LIMITS, type ChatEntry } from '@kaigi/client';
import { describe, expect, it } from 'vitest';
import { composeProblem, sendsMessage, type KeyPress } from '../src/chat/compose';
import { chatRows, counterpart, lastOwn, lineOf, nameIn, unreadOf } from '../src/chat/entries';

const enter: KeyPress = {
  key: 'Enter',
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  isComposing: false,
  keyCode: 13,
};

describe('the Enter key', () => {
  it('sends', () => expect(sendsMessage(enter)).toBe(true));
  it('with Shift breaks the line', () => expect(sendsMessage({ ...enter, shiftKey: true })).toBe(false));
  it('picks a candidate while composing', () =>
    expect(sendsMessage({ ...enter, isComposing: true })).toBe(false));
  it('picks a candidate in Safari, where composing has just ended', () =>
    expect(sendsMessage({ ...enter, keyCode: 229 })).toBe(false));
  it('is the only key that sends', () => expect(sendsMessage({ ...enter, key: 'a' })).toBe(false));
});

describe('a message', () => {
  it('of white space is empty', () => expect(composeProblem(' \n\t ')).toBe('empty'));
  it('at the limit may be sent', () => expect(composeProblem('x'.repeat(LIMITS.chatBytes))).toBeUndefined());
  it('is measured in bytes, not characters', () =>
    expect(composeProblem('会'.repeat(LIMITS.chatBytes / 2))).toBe('too-long'));
  it('does not count the space around it', () =>
    expect(composeProblem(`  ${'x'.repeat(LIMITS.chatBytes)}\n`)).toBeUndefined());
});

const entry = (id: number, from: string, at: number, body: ChatEntry['body']): ChatEntry => ({
  id,
  at,
  from,
  name: from.toUpperCase(),
  body,
});

const history: ChatEntry[] = [
  entry(1, 'ann', 0, { type: 'joined' }),
  entry(2, 'ann', 1000, { type: 'message', text: 'a' }),
  entry(3, 'ann', 2000, { type: 'message', text: 'b' }),
  entry(4, 'bob', 3000, { type: 'message', text: 'c' }),
  entry(5, 'bob', 900_000, { type: 'message', text: 'd' }),
  entry(6, 'ann', 900_001, { type: 'left' }),
];

describe('the chat', () => {
  const shown = (entries: readonly ChatEntry[], start = 0) =>
    chatRows(entries, start, entries.length).map(({ entry: { body }, head }) =>
      body.type === 'message' ? `${head ? '#' : ''}${body.text}` : body.type,
    );

  it('groups what one person writes within a short time', () => {
    expect(shown(history)).toEqual(['joined', '#a', 'b', '#c', '#d', 'left']);
    expect(shown(history, 2)).toEqual(['#b', '#c', '#d', 'left']);
  });

  it('begins anew under a heading where others are meant', () => {
    const aside = { ...entry(3, 'ann', 2000, { type: 'message', text: 'psst' }), to: 'bob' };
    const after = entry(4, 'ann', 3000, { type: 'message', text: 'b' });
    expect(shown([...history.slice(0, 2), aside, after])).toEqual(['joined', '#a', '#psst', '#b']);
  });

  it('keeps the place of what was deleted, and of files', () => {
    const gone = entry(2, 'ann', 0, { type: 'deleted' });
    const file = entry(3, 'ann', 0, { type: 'file', key: 'k', name: 'n', bytes: 1, mediaType: '' });
    expect(shown([gone, file])).toEqual(['deleted', 'file']);
  });

  it('counts as unread what others wrote since, and what of it is for nobody else', () => {
    const all = (own: string, read: number) => unreadOf(history, own, read).count;
    expect([all('me', 0), all('ann', 0), all('ann', 4), all('ann', 6)]).toEqual([4, 2, 1, 0]);
    const personal = { ...entry(7, 'bob', 0, { type: 'message', text: 'psst' }), to: 'me' };
    const poll = entry(8, 'bob', 0, {
      type: 'poll',
      question: '?',
      options: [],
      multiple: false,
      anonymous: false,
      voters: 0,
      closed: false,
    });
    const gone = entry(9, 'bob', 0, { type: 'deleted' });
    expect(unreadOf([...history, personal, poll, gone], 'me', 6)).toEqual({ count: 2, personal: 1 });
  });

  it("finds lines by their numbers, and one's last message", () => {
    expect([lineOf(history, 4)?.at, lineOf(history, 7), lineOf([], 1)]).toEqual([3000, undefined, undefined]);
    expect([lastOwn(history, 'ann')?.id, lastOwn(history, 'me')]).toEqual([3, undefined]);
  });

  it('knows who is meant, also when they have left', () => {
    const line = { ...entry(1, 'ann', 0, { type: 'joined' }), to: 'bob' };
    expect([counterpart(line, 'ann'), counterpart(line, 'bob')]).toEqual(['bob', 'ann']);
    expect(counterpart(entry(1, 'ann', 0, { type: 'joined' }), 'bob')).toBeUndefined();
    expect(nameIn(history, [{ id: 'ann', name: 'Anna' }], 'ann')).toBe('Anna');
    expect([nameIn(history, [], 'ann'), nameIn(history, [], 'cy')]).toEqual(['ANN', undefined]);
  });
});
