import type { Poll, Room } from '@kaigi/client';
import i18next from 'i18next';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { initReactI18next } from 'react-i18next';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { PollCard } from '../src/chat/polls/PollCard';
import chatEn from '../src/chat/texts/en';
import en from '../src/i18n/en';

let root: Root;
let page: HTMLElement;
const vote = vi.fn<(poll: number, options: readonly number[]) => Promise<void>>();
const close = vi.fn<(poll: number) => Promise<void>>();

const poll: Poll = {
  question: 'When?',
  options: [
    { text: 'now', votes: 3, names: ['Ann', 'Bob'] },
    { text: '<b>later</b>', votes: 1, names: ['Cy'] },
  ],
  multiple: false,
  anonymous: false,
  voters: 4,
  closed: false,
};

async function show(changed: Partial<Poll> = {}, { votes = new Map<number, number[]>(), own = false } = {}) {
  const room = { host: false, on: () => () => undefined, polls: { votes, vote, close } };
  await act(async () =>
    root.render(<PollCard room={room as unknown as Room} id={7} poll={{ ...poll, ...changed }} own={own} />),
  );
}

const inputs = () => [...page.querySelectorAll('input')];
const button = (name: string) =>
  [...page.querySelectorAll('button')].find(({ textContent }) => textContent === name);
const click = (element: HTMLElement | undefined) => act(async () => element?.click());

beforeAll(async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  await i18next.use(initReactI18next).init({
    lng: 'en',
    resources: { en: { translation: en, chat: chatEn } },
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
  });
});
beforeEach(() => {
  vote.mockReset().mockResolvedValue();
  close.mockReset().mockResolvedValue();
  page = document.body.appendChild(document.createElement('div'));
  root = createRoot(page);
});
afterEach(async () => {
  await act(async () => root.unmount());
  page.remove();
});

it('says in words and in bars how it stands; what was written is text', async () => {
  await show();
  expect(page.querySelector('[role=radiogroup]')).not.toBeNull();
  expect([...page.querySelectorAll('.poll-count')].map(({ textContent }) => textContent)).toEqual([
    '3 votes, 3 · 75%',
    '1 vote, 1 · 25%',
  ]);
  expect([...page.querySelectorAll<HTMLElement>('.poll-bar i')].map(({ style }) => style.transform)).toEqual([
    'scaleX(0.75)',
    'scaleX(0.25)',
  ]);
  expect(page.querySelector('b')).toBeNull();
  expect(page.textContent).toContain('4 people have voted');
});

it('votes for one, once one has decided', async () => {
  await show();
  expect(button('Vote')).toBeUndefined();
  await click(inputs()[0]);
  await click(inputs()[1]);
  expect(vote).not.toHaveBeenCalled();
  await click(button('Vote'));
  expect(vote).toHaveBeenCalledExactlyOnceWith(7, [1]);
});

it('votes for several where that is asked', async () => {
  await show({ multiple: true });
  for (const input of inputs()) await click(input);
  await click(button('Vote'));
  expect(vote).toHaveBeenCalledExactlyOnceWith(7, [0, 1]);
});

it('changes a vote and takes it back', async () => {
  const votes = new Map([[7, [0]]]);
  await show({}, { votes });
  expect(inputs().map(({ checked }) => checked)).toEqual([true, false]);
  await click(button('Take vote back'));
  expect(vote).toHaveBeenLastCalledWith(7, []);
  await click(inputs()[1]);
  await click(button('Change vote'));
  expect(vote).toHaveBeenLastCalledWith(7, [1]);
});

it('names the voters to those who ask, and nobody when it is anonymous', async () => {
  await show();
  expect(page.querySelector('.poll-names')).toBeNull();
  await click(button('Who has voted?'));
  expect([...page.querySelectorAll('.poll-names')].map(({ textContent }) => textContent)).toEqual([
    'Ann, Bob, and 1 more',
    'Cy',
  ]);
  await show({ anonymous: true });
  expect(button('Hide names') ?? button('Who has voted?')).toBeUndefined();
});

it('is closed by who asked, and takes no more votes', async () => {
  await show();
  expect(button('Close poll')).toBeUndefined();
  await show({}, { own: true });
  await click(button('Close poll'));
  expect(close).toHaveBeenCalledExactlyOnceWith(7);
  await show({ closed: true }, { own: true, votes: new Map([[7, [0]]]) });
  expect([inputs(), page.querySelectorAll('button').length]).toEqual([[], 1]);
  expect(page.querySelector('.poll-own')?.getAttribute('aria-label')).toBe('Your vote');
});
