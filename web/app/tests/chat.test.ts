import { LIMITS, type ChatEntry } from '@kaigi/client';
import { describe, expect, it } from 'vitest';
import { composeProblem, sendsMessage, type KeyPress } from '../src/chat/compose';
import { chatBlocks, unreadCount } from '../src/chat/entries';

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
  entry(5, 'bob', 4000, { type: 'file', key: 'k', name: 'n', bytes: 1, mediaType: '' }),
  entry(6, 'bob', 900_000, { type: 'message', text: 'd' }),
  entry(7, 'ann', 900_001, { type: 'left' }),
];

describe('the chat', () => {
  it('groups what one person writes within a short time', () => {
    expect(
      chatBlocks(history).map((block) =>
        block.type === 'messages'
          ? block.messages.map((message) => message.text).join('')
          : block.type === 'file'
            ? 'file'
            : block.kind,
      ),
    ).toEqual(['joined', 'ab', 'c', 'file', 'd', 'left']);
  });

  it('counts as unread what others wrote since', () => {
    expect(unreadCount(history, 'me', 0)).toBe(5);
    expect(unreadCount(history, 'ann', 0)).toBe(3);
    expect(unreadCount(history, 'ann', 4)).toBe(2);
    expect(unreadCount(history, 'ann', 7)).toBe(0);
  });
});
