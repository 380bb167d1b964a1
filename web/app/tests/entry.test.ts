import { KaigiError } from '@kaigi/client';
import { expect, it } from 'vitest';
import { afterKeyEdit, afterRefusal, knocking, type Entry } from '../src/room/entry';

const notOpen = new KaigiError('room-not-open', 'not open');
const wrongKey = new KaigiError('wrong-key', 'wrong');
const refuse = (entry: Entry, error: unknown) => afterRefusal(knocking(entry, 'Ann'), error, 'Ann');
const waiting: Entry = { phase: 'not-open', name: 'Ann', wrongKey: false, trying: false };

it('a guest waits in front of a closed room', () => {
  expect(refuse({ phase: 'prejoin' }, notOpen)).toEqual(waiting);
});

it('a wrong key stays wrong while the guest goes on knocking', () => {
  let entry = refuse(waiting, wrongKey);
  expect(entry).toEqual({ ...waiting, wrongKey: true });
  expect(knocking(entry, 'Ann')).toEqual({ ...waiting, wrongKey: true, trying: true });
  entry = refuse(refuse(entry, notOpen), notOpen);
  expect(entry).toEqual({ ...waiting, wrongKey: true });
});

it("another key in the field is not wrong yet, not even when a guest's knock is answered after it", () => {
  const knocked = knocking(refuse(waiting, wrongKey), 'Ann');
  expect(afterRefusal(afterKeyEdit(knocked), notOpen, 'Ann')).toEqual(waiting);
  expect(afterKeyEdit({ phase: 'left' })).toEqual({ phase: 'left' });
});

it('a refused name leads back to where names are given, all else to an end', () => {
  const name = new KaigiError('invalid-display-name', 'bad');
  expect(refuse({ phase: 'prejoin' }, name)).toEqual({ phase: 'prejoin', error: name });
  const full = new KaigiError('room-full', 'full');
  expect(refuse(waiting, full)).toEqual({ phase: 'failed', error: full });
});

it('a password is asked for until it is right, together with a key where one was given', () => {
  const asked = refuse({ phase: 'prejoin' }, new KaigiError('password-required', 'password'));
  expect(asked).toEqual({ phase: 'password', name: 'Ann', wrong: false, trying: false });
  expect(knocking(asked, 'Ann')).toEqual({ ...asked, trying: true });
  const wrong = refuse(asked, new KaigiError('wrong-password', 'wrong'));
  expect(wrong).toEqual({ ...asked, wrong: true });
  expect(afterKeyEdit(wrong)).toEqual(asked);
});

it('who was sent away is told so, and not asked to try again', () => {
  expect(refuse({ phase: 'prejoin' }, new KaigiError('removed', 'removed'))).toEqual({
    phase: 'removed',
    banned: true,
  });
});

it('who waited is told apart: not let in, or nobody is there any more', () => {
  const waiting: Entry = { phase: 'waiting', name: 'Ann' };
  expect(refuse(waiting, new KaigiError('turned-away', ''))).toEqual({
    phase: 'turned-away',
    name: 'Ann',
    over: false,
  });
  expect(refuse(waiting, new KaigiError('room-over', ''))).toEqual({
    phase: 'turned-away',
    name: 'Ann',
    over: true,
  });
});
