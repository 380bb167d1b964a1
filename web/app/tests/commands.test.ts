import { describe, expect, it } from 'vitest';
import { complete } from '../src/chat/commands/complete';
import type { Scene } from '../src/chat/commands/grammar';
import { takeName } from '../src/chat/commands/names';
import { isCommand, parse } from '../src/chat/commands/parse';

const person = (id: string, name: string, more = {}) => ({ id, name, host: false, hand: false, ...more });
const scene: Scene = {
  host: true,
  people: [
    person('1', 'Ann'),
    person('2', 'Ann Lee', { hand: true }),
    person('3', 'Bob', { host: true }),
    person('4', '王小明'),
    person('5', 'all'),
  ],
  waiting: [
    { id: 7, name: 'Zoë' },
    { id: 8, name: 'Max' },
  ],
  breakouts: [],
  away: false,
};
const open: Scene = { ...scene, breakouts: ['red', 'Room 2', 'Room 3'], away: true };
const guest: Scene = { ...scene, host: false };
const command = (text: string, where = scene) => {
  const read = parse(text, where);
  return 'command' in read ? read.command : read;
};

describe('what is a message', () => {
  it.each([
    ['hello', 'hello'],
    ['/', '/'],
    ['/usr/bin/env', '/usr/bin/env'],
    ['/2 of it', '/2 of it'],
    ['//mute Ann', '/mute Ann'],
    ['// x', '/ x'],
    ['see /mute', 'see /mute'],
  ])('%s', (text, message) => expect(parse(text, scene)).toEqual({ message }));

  it('a word after one slash is meant as a command', () => {
    expect(isCommand('/shrug')).toBe(true);
    expect(parse('/shrug', scene)).toEqual({ problem: 'unknown', name: 'shrug', near: undefined });
  });
});

describe('names', () => {
  const { people } = scene;
  const id = (text: string) => {
    const taken = takeName(text, people);
    return 'found' in taken ? [taken.found.id, taken.rest] : taken;
  };
  it('the longest name the text begins with counts', () => {
    expect(id('Ann Lee')).toEqual(['2', '']);
    expect(id('ann lee red')).toEqual(['2', 'red']);
    expect(id('Ann red')).toEqual(['1', 'red']);
  });
  it('quotes say where it ends', () => {
    expect(id('"Ann" Lee')).toEqual(['1', 'Lee']);
    expect(id('“Ann Lee” x')).toEqual(['2', 'x']);
    expect(id('「王小明」 x')).toEqual(['4', 'x']);
  });
  it('a beginning that only one has is enough', () => {
    expect(id('bo')).toEqual(['3', '']);
    expect(id('@Ann L')).toEqual(['2', '']);
    expect(id('bo red')).toEqual(['3', 'red']);
    expect(id('an')).toEqual({ problem: 'several', name: 'an' });
  });
  it('nobody is guessed', () => {
    expect(id('Bobby')).toEqual({ problem: 'nobody', name: 'Bobby' });
    expect(id('')).toEqual({ problem: 'missing' });
  });
  it('two of the same name are not told apart by luck', () => {
    expect(
      takeName('Cy', [
        { id: 1, name: 'Cy' },
        { id: 2, name: 'cy' },
      ]),
    ).toEqual({
      problem: 'several',
      name: 'Cy',
    });
  });
});

describe('commands', () => {
  it.each([
    ['/help', { do: 'help' }],
    ['/MUTE Bob', { do: 'mute', source: 'mic', whom: { id: '3', name: 'Bob' } }],
    ['/mute all', { do: 'mute', source: 'mic', whom: 'all' }],
    ['/mute "all"', { do: 'mute', source: 'mic', whom: { id: '5', name: 'all' } }],
    ['/camera-off Ann Lee', { do: 'mute', source: 'camera', whom: { id: '2', name: 'Ann Lee' } }],
    ['/stop-screen 王', { do: 'mute', source: 'screen', whom: { id: '4', name: '王小明' } }],
    ['/remove Bob', { do: 'remove', whom: { id: '3', name: 'Bob' }, ban: false }],
    ['/ban Bob', { do: 'remove', whom: { id: '3', name: 'Bob' }, ban: true }],
    ['/host Bob', { do: 'role', whom: { id: '3', name: 'Bob' }, host: true }],
    ['/unhost Bob', { do: 'role', whom: { id: '3', name: 'Bob' }, host: false }],
    ['/lock', { do: 'lock', locked: true }],
    ['/unlock ', { do: 'lock', locked: false }],
    ['/password two words', { do: 'password', password: 'two words' }],
    ['/password off', { do: 'password', password: null }],
    ['/waiting on', { do: 'waiting', on: true }],
    ['/admit zoë', { do: 'admit', whom: { id: 7, name: 'Zoë' } }],
    ['/admit all', { do: 'admit', whom: 'all' }],
    ['/refuse Max', { do: 'refuse', whom: { id: 8, name: 'Max' } }],
    ['/allow mic', { do: 'allow', what: 'mic', allowed: true }],
    ['/forbid files', { do: 'allow', what: 'files', allowed: false }],
    ['/lower Ann Lee', { do: 'lower', whom: { id: '2', name: 'Ann Lee' } }],
    ['/breakout open 3', { do: 'breakout-open', count: 3, minutes: undefined }],
    ['/breakout open 3 10', { do: 'breakout-open', count: 3, minutes: 10 }],
  ])('%s', (text, expected) => expect(command(text)).toEqual(expected));

  it.each([
    ['/breakout red', { do: 'breakout-go', room: { id: 0, name: 'red' } }],
    ['/breakout go Room 2', { do: 'breakout-go', room: { id: 1, name: 'Room 2' } }],
    ['/breakout 3', { do: 'breakout-go', room: { id: 2, name: 'Room 3' } }],
    [
      '/breakout send Ann Lee Room 2',
      { do: 'breakout-send', whom: { id: '2', name: 'Ann Lee' }, room: { id: 1, name: 'Room 2' } },
    ],
    ['/breakout close', { do: 'breakout-close' }],
    ['/back', { do: 'back' }],
  ])('%s while rooms are open', (text, expected) => expect(command(text, open)).toEqual(expected));

  it.each([
    ['/mut Bob', { problem: 'unknown', name: 'mut', near: 'mute' }],
    ['/hots Bob', { problem: 'unknown', name: 'hots', near: 'host' }],
    ['/mute', { problem: 'usage', name: 'mute' }],
    ['/mute Ann and Bob', { problem: 'nobody', name: 'Ann and Bob' }],
    ['/waiting maybe', { problem: 'usage', name: 'waiting' }],
    ['/lock now', { problem: 'usage', name: 'lock' }],
    ['/allow everything', { problem: 'usage', name: 'allow' }],
    [`/password ${'x'.repeat(300)}`, { problem: 'usage', name: 'password' }],
    ['/admit Bob', { problem: 'nobody-waits', name: 'Bob' }],
    ['/breakout open 51', { problem: 'usage', name: 'breakout' }],
    ['/breakout close', { problem: 'no-breakouts' }],
    ['/back', { problem: 'no-breakouts' }],
  ])('%s is not done', (text, expected) => expect(command(text)).toEqual(expected));

  it('a breakout room that is not there is named', () =>
    expect(command('/breakout go blue', open)).toEqual({ problem: 'no-such-breakout', name: 'blue' }));

  it('what is for hosts is not done for others', () => {
    expect(command('/mute Bob', guest)).toEqual({ problem: 'not-host', name: 'mute' });
    expect(command('/breakout open 2', guest)).toEqual({ problem: 'not-host', name: 'breakout' });
    expect(command('/help', guest)).toEqual({ do: 'help' });
  });
});

describe('completion', () => {
  const labels = (text: string, where = scene) => complete(text, where).map(({ label }) => label);
  const texts = (text: string, where = scene) => complete(text, where).map((one) => one.text);
  it('begins with help', () => expect(texts('/')[0]).toBe('/help'));
  it('has only what one may use', () => {
    expect(texts('/', guest)).toEqual(['/help']);
    expect(texts('/', { ...guest, breakouts: ['red'], away: true })).toEqual([
      '/help',
      '/breakout ',
      '/back',
    ]);
  });
  it('leaves a blank where something has to follow', () => {
    expect(texts('/mu')).toEqual(['/mute ']);
    expect(texts('/loc')).toEqual(['/lock']);
  });
  it('offers people, those whom it concerns', () => {
    expect(labels('/mute ')).toEqual(['all', 'Ann', 'Ann Lee', 'Bob', '王小明', 'all']);
    expect(texts('/mute ann l')).toEqual(['/mute Ann Lee']);
    expect(labels('/host ')).not.toContain('Bob');
    expect(labels('/unhost ')).toEqual(['Bob']);
    expect(labels('/lower ')).toEqual(['Ann Lee']);
    expect(labels('/admit ')).toEqual(['all', 'Zoë', 'Max']);
  });
  it('ends when all is said, and for messages', () => {
    for (const text of ['hello', '//', '/help', '/waiting on', '/mute x', '/lock ', '/mute Ann Lee', 'a\n/m'])
      expect(labels(text), text).toEqual([]);
  });
  it('leads through breakout rooms', () => {
    expect(texts('/breakout ', open)).toEqual([
      '/breakout go ',
      '/breakout open ',
      '/breakout send ',
      '/breakout close',
    ]);
    expect(texts('/breakout go Ro', open)).toEqual(['/breakout go Room 2', '/breakout go Room 3']);
    expect(texts('/breakout send b', open)).toEqual(['/breakout send Bob ']);
    expect(texts('/breakout send Bob r', open)).toContain('/breakout send Bob red');
  });
});
