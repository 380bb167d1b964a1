import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionLost } from '../src/errors';
import { Inbox, Outbox } from '../src/outbox';
import { KaigiError } from '../src/types';
import type { Signal, SignalPayload } from '../src/wire.gen';
import { settle } from './fakes/connection';
import { must } from './fakes/must';

const offer: SignalPayload = { type: 'offer', sdp: 'o' };
const candidate: SignalPayload = {
  type: 'candidate',
  candidate: 'c',
  sdpMid: '0',
  sdpMLineIndex: 0,
  usernameFragment: null,
};

function begin() {
  const sent: { signal: Signal; ok: () => void; fail: (error: Error) => void }[] = [];
  const outbox = new Outbox(
    (signal) => new Promise<void>((ok, fail) => void sent.push({ signal, ok, fail })),
  );
  const seqs = () => sent.map(({ signal }) => signal.seq);
  return { outbox, sent, seqs };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('outbox', () => {
  it('sends without waiting for answers, numbered in order', () => {
    const { outbox, seqs } = begin();
    outbox.handleOnline();
    outbox.push('bob', 0, offer);
    outbox.push('cy', 0, offer);
    outbox.push('bob', 0, candidate);
    expect(seqs()).toEqual([1, 2, 3]);
  });

  it('what was not answered when the connection died goes again, in order, under its old number', async () => {
    const { outbox, sent, seqs } = begin();
    outbox.handleOnline();
    outbox.push('bob', 0, offer);
    outbox.push('bob', 0, candidate);
    outbox.push('bob', 0, candidate);
    must(sent[0]).ok();
    await settle();
    must(sent[1]).fail(new ConnectionLost('test'));
    must(sent[2]).fail(new ConnectionLost('test'));
    await settle();
    outbox.handleOffline();
    outbox.push('bob', 0, candidate);
    sent.length = 0;
    outbox.handleOnline();
    expect(seqs()).toEqual([2, 3, 4]);
  });

  it.each(['no-such-participant', 'stale-participant'] as const)(
    '%s is dropped without a word',
    async (code) => {
      const { outbox, sent } = begin();
      outbox.handleOnline();
      outbox.push('bob', 0, offer);
      must(sent[0]).fail(new KaigiError(code, ''));
      await settle();
      outbox.handleOnline();
      expect(sent).toHaveLength(1);
      expect(console.warn).not.toHaveBeenCalled();
    },
  );

  it.each(['rate-limited', 'participant-unreachable'] as const)(
    '%s is sent again after a moment, under a new number, and ahead of what came later',
    async (code) => {
      const { outbox, sent, seqs } = begin();
      outbox.handleOnline();
      outbox.push('bob', 0, offer);
      must(sent[0]).fail(new KaigiError(code, ''));
      await settle();
      outbox.push('bob', 0, candidate);
      expect(sent).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1_100);
      expect(seqs()).toEqual([1, 2, 3]);
      expect(sent.map(({ signal }) => signal.payload.type)).toEqual(['offer', 'offer', 'candidate']);
    },
  );

  it('nothing for the old self of a participant is sent to its new one', () => {
    const { outbox, sent } = begin();
    outbox.push('bob', 0, offer);
    outbox.push('cy', 0, offer);
    outbox.drop('bob');
    outbox.handleOnline();
    expect(sent.map(({ signal }) => signal.to)).toEqual(['cy']);
  });

  it('holds a bounded number for one participant, and gives up candidates before descriptions', () => {
    const { outbox, sent } = begin();
    outbox.push('bob', 0, offer);
    for (let i = 0; i < 1_000; i++) outbox.push('bob', 0, candidate);
    outbox.handleOnline();
    expect(sent).toHaveLength(400);
    expect(must(sent[0]).signal.payload.type).toBe('offer');
  });
});

describe('inbox', () => {
  const from = (seq: number, incarnation = 0, id = 'bob') => ({ from: id, incarnation, seq, payload: offer });

  it('takes each number once, per participant', () => {
    const inbox = new Inbox();
    expect([1, 2, 2, 1, 3].map((seq) => inbox.accept(from(seq)))).toEqual([true, true, false, false, true]);
    expect(inbox.accept(from(1, 0, 'cy'))).toBe(true);
  });

  it('a new incarnation counts from the beginning, and its predecessor is not heard again', () => {
    const inbox = new Inbox();
    expect(inbox.accept(from(9, 0))).toBe(true);
    expect(inbox.accept(from(1, 1))).toBe(true);
    expect(inbox.accept(from(10, 0))).toBe(false);
  });
});
