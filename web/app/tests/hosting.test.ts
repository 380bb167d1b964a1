import type { Breakouts, RemoteParticipant, Room, RoomEvents } from '@kaigi/client';
import { describe, expect, it } from 'vitest';
import { clock, ownTitle, spread, titleProblem } from '../src/breakouts/plan';
import { noticesBetween } from '../src/chat/commands/notices';
import { onComings } from '../src/core/comings';
import { KnockPace } from '../src/hosting/knock';
import { firstNames, inOrder, isFound } from '../src/hosting/people';
import { actionsFor } from '../src/hosting/person-actions';
import { permissionChanges } from '../src/hosting/useTold';

const off = { mic: false, camera: false, screen: false, screenAudio: false };

describe('what a host can do with somebody', () => {
  const person = { media: off, hand: undefined, host: false, mediaOnly: false };
  it('is never to turn something on', () => expect(actionsFor(person)).toEqual(['makeHost', 'remove']));
  it('is all that is on', () =>
    expect(
      actionsFor({
        ...person,
        host: true,
        hand: 3,
        media: { ...off, mic: true, camera: true, screen: true },
      }),
    ).toEqual(['mute', 'cameraOff', 'stopScreen', 'lowerHand', 'takeHost', 'remove']));
  it('makes no host of what only sends', () =>
    expect(actionsFor({ ...person, mediaOnly: true })).toEqual(['remove']));
});

describe('the list', () => {
  const people = [
    { name: 'Ann', hand: undefined },
    { name: 'Bob', hand: 20 },
    { name: 'Cy', hand: 10 },
  ];
  it('has raised hands first, in the order they went up', () =>
    expect(inOrder(people).map(({ person, place }) => [person.name, place])).toEqual([
      ['Cy', 1],
      ['Bob', 2],
      ['Ann', undefined],
    ]));
  it('finds by any part of a name', () => {
    expect(isFound('Ann Lee', ' LE')).toBe(true);
    expect(isFound('王小明', '小')).toBe(true);
    expect(isFound('Ann', 'b')).toBe(false);
  });
  it('names the first few who wait', () => {
    expect(firstNames(people, 2)).toEqual({ names: ['Ann', 'Bob'], more: 1 });
    expect(firstNames(people)).toEqual({ names: ['Ann', 'Bob', 'Cy'], more: 0 });
  });
});

it('a knock is heard for somebody new, and not again within a few seconds', () => {
  const pace = new KnockPace();
  expect(pace.take([], 0)).toBe(false);
  expect(pace.take([{ id: 1 }], 0)).toBe(true);
  expect(pace.take([{ id: 1 }], 9_000)).toBe(false);
  expect(pace.take([{ id: 1 }, { id: 2 }], 10_000)).toBe(true);
  expect(pace.take([{ id: 3 }], 11_000)).toBe(false);
  expect(pace.take([{ id: 4 }], 20_000)).toBe(true);
});

it('tells what is allowed or forbidden now', () => {
  const all = { mic: true, camera: true, screen: true, chat: true, files: true };
  expect(permissionChanges(all, { ...all, mic: false, files: false })).toEqual([
    { what: 'mic', allowed: false },
    { what: 'files', allowed: false },
  ]);
  expect(permissionChanges(all, all)).toEqual([]);
});

describe('breakout rooms', () => {
  it('are filled evenly, whatever the luck', () => {
    const people = ['a', 'b', 'c', 'd', 'e'];
    for (const luck of [0, 0.5, 0.999]) {
      const dealt = spread(people, 2, () => luck);
      expect(dealt.map(({ participant }) => participant).sort()).toEqual(people);
      expect(dealt.filter(({ room }) => room === 0)).toHaveLength(3);
      expect(dealt.filter(({ room }) => room === 1)).toHaveLength(2);
    }
    expect(spread(people, 0)).toEqual([]);
  });
  it('really shuffle', () => {
    const orders = new Set(
      [0, 0.3, 0.7].map((luck) => JSON.stringify(spread(['a', 'b', 'c'], 3, () => luck))),
    );
    expect(orders.size).toBeGreaterThan(1);
  });
  it('have titles that the server takes', () => {
    expect(titleProblem(' ', 10)).toBe(true);
    expect(titleProblem('红红红红', 10)).toBe(true);
    expect(titleProblem('red', 10)).toBe(false);
  });
  it('count down readably', () => {
    expect(clock(252)).toBe('04:12');
    expect(clock(0)).toBe('00:00');
    expect(clock(3_852)).toBe('1:04:12');
  });
});

const breakouts: Breakouts = {
  rooms: [{ title: 'red', people: [{ id: 'cy', name: 'Cy' }] }],
  own: 0,
  main: [{ id: 'bob', name: 'Bob' }],
};

it('knows in which breakout room one is', () => {
  expect(ownTitle(breakouts)).toBe('red');
  expect(ownTitle({ rooms: [], main: [] })).toBeUndefined();
});

it('going to another breakout room is neither coming nor leaving', () => {
  const listeners = new Map<string, (argument: never) => void>();
  const room = {
    breakouts,
    on<K extends keyof RoomEvents>(event: K, listener: (argument: RoomEvents[K]) => void) {
      listeners.set(event, listener);
      return () => listeners.delete(event);
    },
  } as Pick<Room, 'on' | 'breakouts'>;
  const said: string[] = [];
  const stop = onComings(room, {
    came: ({ id }) => said.push(`+${id}`),
    went: ({ id }) => said.push(`-${id}`),
  });
  const who = (id: string) => ({ id }) as RemoteParticipant;
  listeners.get('participant-joined')?.(who('bob') as never);
  listeners.get('participant-left')?.({ participant: who('cy'), reason: 'moved' } as never);
  expect(said).toEqual([]);
  listeners.get('participant-joined')?.(who('new') as never);
  listeners.get('participant-left')?.({ participant: who('cy'), reason: 'left' } as never);
  expect(said).toEqual(['+new', '-cy']);
  stop();
  expect(listeners.size).toBe(0);
});

it('what came of a command stands where it was said', () => {
  const notices = [3, 5, 9].map((after, id) => ({ id, after, tone: 'info' as const, text: '' }));
  expect(noticesBetween(notices, 3, 9).map(({ after }) => after)).toEqual([3, 5]);
  expect(noticesBetween(notices, 9, Infinity).map(({ after }) => after)).toEqual([9]);
});
