import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encode } from '../src/files/messages';
import { memorySink, openSink } from '../src/files/sinks';
import type { Sink } from '../src/files/sinks';
import { content, FileRoom } from './fakes/file-network';
import type { FileClient } from './fakes/file-network';
import { must } from './fakes/must';

const MB = 1_000_000;

let room: FileRoom;
let ann: FileClient;
let bob: FileClient;
beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'performance', 'Date'],
  });
  room = new FileRoom();
  [ann, bob] = room.enter('ann', 'bob') as [FileClient, FileClient];
});
afterEach(() => {
  for (const client of room.clients.values()) client.close();
  vi.useRealTimers();
});

const share = (bytes: number, name = 'a.bin', to?: string) =>
  ann.files.share(new File([content(bytes)], name), { to });
const read = async (client: FileClient, name = 'a.bin') =>
  new Uint8Array(await must(client.file(name).content).arrayBuffer());
/** What the client has of a file is what was shared. */
const isWhole = async (client: FileClient, name = 'a.bin') => {
  expect(client.file(name)).toMatchObject({ state: 'done' });
  return Buffer.compare(await read(client, name), content(client.file(name).bytes)) === 0;
};
const pass = async (milliseconds: number) => {
  for (let left = milliseconds; left > 0; left -= 500) {
    vi.advanceTimersByTime(500);
    await room.settle();
  }
};
const chunks = () => room.passed.filter(({ message }) => message.kind === 'chunk');
const sentBytes = () => chunks().reduce((sum, { payload }) => sum + payload.length, 0);
const gets = () => room.passed.flatMap(({ message }) => (message.kind === 'get' ? [message] : []));

describe('a file', () => {
  it('goes to who asks for it, and to nobody before', async () => {
    await share(3 * MB);
    await pass(2_000);
    expect(chunks()).toHaveLength(0);
    expect(bob.file('a.bin')).toMatchObject({ state: 'offered', own: false, from: 'ann', bytes: 3 * MB });
    expect(await bob.fetch('a.bin')).toBe(true);
    await room.settle();
    expect(bob.states.get('a.bin')).toEqual(['offered', 'waiting', 'running', 'done']);
    expect(await isWhole(bob)).toBe(true);
    expect(ann.states.get('a.bin')).toEqual(['offered', 'running', 'done']);
    expect(ann.file('a.bin').receivers).toEqual([{ id: 'bob', state: 'done', transferred: 3 * MB }]);
  });

  it('may be empty', async () => {
    await share(0);
    await bob.fetch('a.bin');
    await room.settle();
    expect(bob.file('a.bin').state).toBe('done');
    expect(await read(bob)).toHaveLength(0);
  });

  it('that is fetched by some of those here is not done', async () => {
    room.enter('cy');
    await share(10);
    await bob.fetch('a.bin');
    await room.settle();
    expect(ann.file('a.bin')).toMatchObject({ state: 'offered', receivers: [{ id: 'bob', state: 'done' }] });
    await must(room.clients.get('cy')).fetch('a.bin');
    await room.settle();
    expect(ann.file('a.bin').state).toBe('done');
  });

  it('tells both sides how far it is, how fast, and how long it takes', async () => {
    await share(20 * MB);
    await bob.fetch('a.bin');
    for (let round = 0; round < 6; round++) {
      await room.settle(60);
      vi.advanceTimersByTime(500);
    }
    for (const client of [ann, bob]) {
      const { state, transferred, bytesPerSecond, secondsLeft } = client.file('a.bin');
      expect(state).toBe('running');
      expect(transferred).toBeGreaterThan(MB);
      expect(bytesPerSecond).toBeGreaterThan(0.5 * MB);
      expect(secondsLeft).toBeCloseTo((20 * MB - transferred) / bytesPerSecond, 0);
    }
  });

  it('with a path in its name, or with another name altogether, is offered under a safe one', async () => {
    await ann.files.share(new File(['x'], '../../etc/passwd'));
    await ann.files.share(new Blob(['x']), { name: 'shot.png' });
    expect(bob.files.all.map(({ name }) => name)).toEqual(['passwd', 'shot.png']);
  });
});

describe('a loss', () => {
  it('in the middle is followed by what is missing, and no more than was under way twice', async () => {
    await share(5 * MB);
    let lost = 0;
    room.passes = ({ message }) => !(message.kind === 'chunk' && message.offset > MB && lost++ < 5);
    await bob.fetch('a.bin');
    await room.settle();
    await pass(10_000);
    expect(bob.file('a.bin').state).toBe('done');
    expect(await isWhole(bob)).toBe(true);
    expect(gets().length).toBeGreaterThan(1);
    expect(must(gets()[1]).offset).toBeGreaterThan(MB);
    expect(sentBytes()).toBeLessThan(5 * MB + 3 * MB);
  });

  it('of everything pauses, and goes on at the offset', async () => {
    await share(5 * MB);
    await bob.fetch('a.bin');
    await room.settle(150);
    const before = bob.file('a.bin').transferred;
    room.passes = () => false;
    await pass(10_000);
    expect([ann.file('a.bin').state, bob.file('a.bin').state]).toEqual(['paused', 'paused']);
    room.passes = () => true;
    await pass(6_000);
    expect(bob.states.get('a.bin')).toEqual(['offered', 'waiting', 'running', 'paused', 'running', 'done']);
    expect(must(gets().at(-1)).offset).toBeGreaterThanOrEqual(before);
    expect(await isWhole(bob)).toBe(true);
    expect(ann.file('a.bin').state).toBe('done');
  });

  it('with a change of the path is noticed within two seconds', async () => {
    await share(5 * MB);
    await bob.fetch('a.bin');
    await room.settle(100);
    room.moving.length = 0;
    bob.way = 'server';
    bob.paths.emit('change', 'ann');
    const asked = gets().length;
    await pass(2_000);
    expect(gets().length).toBe(asked + 1);
    expect(bob.file('a.bin').state).toBe('done');
    expect(bob.states.get('a.bin')).not.toContain('paused');
  });

  it('that lasts a minute is a failure in words; trying again goes on at the offset', async () => {
    await share(5 * MB);
    await bob.fetch('a.bin');
    await room.settle(150);
    room.passes = () => false;
    await pass(65_000);
    expect(bob.file('a.bin')).toMatchObject({ state: 'failed', error: { code: 'file-stalled' } });
    room.passes = () => true;
    const { transferred } = bob.file('a.bin');
    const asked = gets().length;
    expect(transferred).toBeGreaterThan(0);
    await bob.fetch('a.bin');
    await room.settle();
    expect(must(gets()[asked]).offset).toBeGreaterThanOrEqual(transferred);
    expect(bob.sinks).toHaveLength(1);
    expect(await isWhole(bob)).toBe(true);
  });

  it('of the end alone is asked about', async () => {
    await share(100);
    let lost = 0;
    room.passes = ({ message }) => message.kind !== 'end' || lost++ > 0;
    await bob.fetch('a.bin');
    await pass(6_000);
    expect(bob.file('a.bin').state).toBe('done');
  });
});

describe('whoever', () => {
  it('cancels fetching is sent nothing more and keeps nothing', async () => {
    await share(5 * MB);
    await bob.fetch('a.bin');
    await room.settle(50);
    const discard = vi.spyOn(must(bob.sinks[0]), 'discard');
    bob.files.cancel(bob.file('a.bin').id);
    await room.settle();
    expect(discard).toHaveBeenCalled();
    expect([bob.file('a.bin').state, ann.file('a.bin').receivers[0]?.state]).toEqual([
      'cancelled',
      'cancelled',
    ]);
    const sent = chunks().length;
    await pass(5_000);
    expect(chunks()).toHaveLength(sent);
    await bob.fetch('a.bin');
    await room.settle();
    expect(await isWhole(bob)).toBe(true);
  });

  it('takes a file back ends it for all, those who have not asked included', async () => {
    const [cy] = room.enter('cy');
    await share(5 * MB);
    await bob.fetch('a.bin');
    await room.settle(50);
    ann.files.cancel(ann.file('a.bin').id);
    await room.settle();
    expect(ann.file('a.bin').state).toBe('cancelled');
    for (const client of [bob, must(cy)]) {
      expect(client.file('a.bin')).toMatchObject({ state: 'failed', error: { code: 'file-withdrawn' } });
    }
  });

  it('deletes its line of the chat takes the file back', async () => {
    await share(5 * MB);
    const entry = must(room.entries[0]);
    ann.files.handleChat([{ ...entry, body: { type: 'deleted' } }]);
    await room.settle();
    expect(bob.file('a.bin').error?.code).toBe('file-withdrawn');
  });

  it('leaves, or reloads, takes the files along', async () => {
    await share(5 * MB);
    await share(5 * MB, 'b.bin');
    await bob.fetch('a.bin');
    await room.settle(50);
    bob.seesReload('ann');
    expect(bob.file('a.bin')).toMatchObject({ state: 'failed', error: { code: 'file-gone' } });
    expect(bob.file('b.bin')).toMatchObject({ state: 'failed', error: { code: 'file-gone' } });
    expect(await bob.fetch('b.bin')).toBe(true);
    room.leave('ann');
    expect(await bob.fetch('a.bin')).toBe(false);
    expect(bob.file('b.bin').error?.code).toBe('file-gone');
  });

  it('comes later and finds the file of somebody who has left in the chat is told so', async () => {
    await share(10);
    room.leave('ann');
    const [cy] = room.enter('cy');
    must(cy).files.handleChat(room.entries);
    expect(must(cy).file('a.bin')).toMatchObject({ state: 'failed', error: { code: 'file-gone' } });
  });

  it('begins to receive anew, after a reload, begins at the start', async () => {
    await share(5 * MB);
    await bob.fetch('a.bin');
    await room.settle(100);
    ann.seesReload('bob');
    expect(ann.file('a.bin').receivers).toEqual([]);
  });
});

describe('several files', () => {
  it('go at once, five at a time and at the same pace; a small one does not wait for the large', async () => {
    for (let index = 0; index < 7; index++) await share(6 * MB, `${index}.bin`);
    await share(10, 'small.bin');
    for (const { name } of bob.files.all) await bob.fetch(name);
    await room.settle(400);
    const states = () => bob.files.all.map(({ state }) => state);
    expect(states().filter((state) => state === 'running')).toHaveLength(5);
    expect(bob.file('small.bin').state).toBe('done');
    const running = bob.files.all
      .filter(({ state }) => state === 'running')
      .map(({ transferred }) => transferred);
    expect(Math.max(...running) - Math.min(...running)).toBeLessThan(0.6 * MB);
    await pass(3_000);
    expect(new Set(states())).toEqual(new Set(['done']));
    for (const { name } of bob.files.all) expect(await isWhole(bob, name)).toBe(true);
  });

  it('of which a sender may have twenty are refused beyond that, until one is taken back', async () => {
    for (let index = 0; index < 20; index++) await share(1, `${index}.bin`);
    await expect(share(1, 'more.bin')).rejects.toMatchObject({ code: 'too-many-files' });
    ann.files.cancel(ann.file('3.bin').id);
    await share(1, 'more.bin');
    expect(bob.file('more.bin').state).toBe('offered');
  });

  it('are served to others while somebody takes nothing in', async () => {
    const clients = room.enter('c1', 'c2', 'c3', 'c4', 'c5', 'c6');
    await share(6 * MB);
    const stuck: Sink = { ...memorySink(''), write: () => new Promise(() => undefined) };
    for (const client of clients.slice(0, 5)) client.openSink = async () => stuck;
    for (const client of clients) await client.fetch('a.bin');
    await room.settle();
    expect(must(clients[5]).file('a.bin').state).toBe('waiting');
    await pass(8_000);
    expect(must(clients[5]).file('a.bin').state).toBe('done');
  });
});

describe('a receiver that stops reading', () => {
  it('is sent a bounded amount, whatever the file has', async () => {
    await share(20 * MB);
    bob.openSink = async () => ({ ...memorySink(''), write: () => new Promise(() => undefined) });
    await bob.fetch('a.bin');
    await pass(30_000);
    expect(sentBytes()).toBeLessThan(0.4 * MB);
    expect(ann.file('a.bin').state).toBe('paused');
  });

  it('and goes on later gets all of it', async () => {
    await share(5 * MB);
    const sink = memorySink('');
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    bob.openSink = async () => ({ ...sink, write: (bytes) => gate.then(() => sink.write(bytes)) });
    await bob.fetch('a.bin');
    await pass(20_000);
    open();
    await pass(6_000);
    expect(await isWhole(bob)).toBe(true);
  });
});

describe('what is not right', () => {
  it('is thrown away when its digest does not match, and can be fetched again', async () => {
    await share(MB);
    let flipped = false;
    room.passes = ({ message, payload }) => {
      if (message.kind === 'chunk' && message.offset > 0.5 * MB && !flipped) {
        flipped = true;
        payload[payload.length - 1] = must(payload.at(-1)) ^ 1;
      }
      return true;
    };
    bob.openSink = async () => {
      const sink = memorySink('');
      vi.spyOn(sink, 'finish');
      vi.spyOn(sink, 'discard');
      return sink;
    };
    await bob.fetch('a.bin');
    await room.settle();
    expect(bob.file('a.bin')).toMatchObject({
      state: 'failed',
      error: { code: 'file-corrupt' },
      transferred: 0,
    });
    expect(bob.file('a.bin').content).toBeUndefined();
    expect(must(bob.sinks[0]).finish).not.toHaveBeenCalled();
    expect(must(bob.sinks[0]).discard).toHaveBeenCalled();
    await bob.fetch('a.bin');
    await room.settle();
    expect(await isWhole(bob)).toBe(true);
  });

  it('is a file that changed on disk: both are told so', async () => {
    const file = new File([content(5 * MB)], 'a.bin');
    const slice = file.slice.bind(file);
    file.slice = (start = 0, end) => {
      const part = slice(start, end);
      if (start > 2 * MB)
        part.arrayBuffer = () => Promise.reject(new DOMException('gone', 'NotReadableError'));
      return part;
    };
    await ann.files.share(file);
    await bob.fetch('a.bin');
    await room.settle();
    for (const client of [ann, bob]) {
      expect(client.file('a.bin')).toMatchObject({ state: 'failed', error: { code: 'file-changed' } });
    }
    await bob.fetch('a.bin');
    await room.settle();
    expect(bob.file('a.bin').error?.code).toBe('file-changed');
  });

  it('is a place that cannot be written: in words, and the sender stops', async () => {
    await share(5 * MB);
    bob.openSink = async () => ({ ...memorySink(''), write: () => Promise.reject(new Error('full')) });
    await bob.fetch('a.bin');
    await room.settle();
    expect(bob.file('a.bin')).toMatchObject({ state: 'failed', error: { code: 'file-not-stored' } });
    expect(ann.file('a.bin').receivers[0]?.state).toBe('cancelled');
  });

  it('is a file beyond what this browser can keep', async () => {
    await expect(openSink({ name: 'x', bytes: 513 * MB, mediaType: '' }, 'keep')).rejects.toMatchObject({
      code: 'file-too-large',
    });
    bob.openSink = openSink;
    room.say({
      from: 'ann',
      body: { type: 'file', key: 'k', name: 'x', bytes: 513 * MB, mediaType: '' },
    });
    expect(await bob.fetch('x')).toBe(false);
    expect(bob.file('x')).toMatchObject({ state: 'failed', error: { code: 'file-too-large' } });
  });

  it('is no place at all: nothing has happened then', async () => {
    await share(10);
    bob.openSink = async () => undefined;
    expect(await bob.fetch('a.bin')).toBe(false);
    expect(bob.file('a.bin').state).toBe('offered');
  });

  it('is a message of somebody else, about a file that is not theirs or not for them', async () => {
    const [cy] = room.enter('cy');
    await share(MB, 'a.bin', 'bob');
    const { key } = bob.file('a.bin');
    await bob.fetch('a.bin');
    await room.settle(10);
    bob.take('cy', encode({ kind: 'none', key, reason: 'gone' }));
    bob.take('cy', encode({ kind: 'chunk', key, round: 1, offset: 0, bytes: new Uint8Array(9) }));
    bob.take('cy', encode({ kind: 'end', key, digest: new Uint8Array(32) }));
    ann.take('cy', encode({ kind: 'get', key, round: 1, offset: 0, limit: MB }));
    ann.take('cy', encode({ kind: 'stop', key }));
    ann.take('bob', new Uint8Array([0, 200, 1]));
    await room.settle();
    expect(await isWhole(bob)).toBe(true);
    expect(must(cy).files.all).toEqual([]);
    const toCy = room.passed.filter(({ to }) => to === 'cy').map(({ message }) => message.kind);
    expect(toCy).toEqual(['none']);
    expect(ann.file('a.bin').receivers.map(({ id }) => id)).toEqual(['bob']);
  });
});
