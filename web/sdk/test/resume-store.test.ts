import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ResumeStore } from '../src/resume-store';
import { settle } from './fakes/connection';

type Granted = (lock: unknown) => Promise<unknown> | undefined;

/** navigator.locks of one browser, shared by its tabs. */
class FakeLocks {
  readonly held = new Map<string, Promise<unknown>>();

  async request(name: string, { signal }: { signal: AbortSignal }, granted: Granted): Promise<unknown> {
    while (this.held.has(name)) {
      const aborted = new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError')));
      });
      await Promise.race([this.held.get(name), aborted]);
    }
    const holding = Promise.resolve(granted({})).finally(() => this.held.delete(name));
    this.held.set(name, holding);
    return holding;
  }

  asReal(): Pick<LockManager, 'request'> {
    return this as unknown as Pick<LockManager, 'request'>;
  }
}

class FakeStorage {
  constructor(readonly items = new Map<string, string>()) {}
  getItem = (key: string) => this.items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.items.set(key, value);
  removeItem = (key: string) => void this.items.delete(key);
  duplicate = () => new FakeStorage(new Map(this.items));
}

const ANN = { id: 'ann', token: 't' };
let locks: FakeLocks;
const open = (storage: FakeStorage, room = 'room', serverUrl = 'https://k.example/') =>
  new ResumeStore({ serverUrl, room, storage, locks: locks.asReal() });
/** A page ends: its locks go with it. */
const endPage = (store: ResumeStore, storage: FakeStorage) => {
  const items = new Map(storage.items);
  store.forget();
  for (const [key, value] of items) storage.items.set(key, value);
};

beforeEach(() => {
  vi.useFakeTimers();
  locks = new FakeLocks();
});
afterEach(() => void vi.useRealTimers());

describe('a reload', () => {
  it('goes on as the same participant', async () => {
    const storage = new FakeStorage();
    const before = open(storage);
    before.keep(ANN);
    await settle();
    endPage(before, storage);
    await settle();
    await expect(open(storage).take()).resolves.toEqual(ANN);
  });

  it('waits a moment for the lock of the page it replaces', async () => {
    const storage = new FakeStorage();
    const before = open(storage);
    before.keep(ANN);
    await settle();
    const taken = open(storage).take();
    await vi.advanceTimersByTimeAsync(200);
    endPage(before, storage);
    await expect(taken).resolves.toEqual(ANN);
  });

  it('after leaving joins as somebody new', async () => {
    const storage = new FakeStorage();
    const before = open(storage);
    before.keep(ANN);
    before.forget();
    await expect(open(storage).take()).resolves.toBeUndefined();
  });
});

describe('a duplicated tab', () => {
  it('does not steal the identity, and forgets its copy', async () => {
    const storage = new FakeStorage();
    open(storage).keep(ANN);
    await settle();
    const copy = storage.duplicate();
    const taken = open(copy).take();
    await vi.advanceTimersByTimeAsync(350);
    await expect(taken).resolves.toBeUndefined();
    expect(copy.items.size).toBe(0);
  });

  it('can be reloaded as who it is itself', async () => {
    const copy = new FakeStorage();
    const duplicate = open(copy);
    duplicate.keep({ id: 'second', token: 's' });
    await settle();
    endPage(duplicate, copy);
    await settle();
    await expect(open(copy).take()).resolves.toEqual({ id: 'second', token: 's' });
  });
});

it('a new identity takes the lock of the old one away', async () => {
  const store = open(new FakeStorage());
  store.keep(ANN);
  await settle();
  store.keep({ id: 'ann-2', token: 't' });
  await settle();
  expect([...locks.held.keys()].map((name) => name.split(' ').at(-1))).toEqual(['ann-2']);
});

it('rooms and servers are kept apart, spellings of one room are not', async () => {
  const storage = new FakeStorage();
  open(storage, 'Weekly Sync').keep(ANN);
  await settle();
  locks.held.clear();
  await expect(open(storage, 'other').take()).resolves.toBeUndefined();
  await expect(open(storage, 'weekly-sync', 'https://other.example/').take()).resolves.toBeUndefined();
  await expect(open(storage, ' weekly  sync ').take()).resolves.toEqual(ANN);
});

it.each(['{', '"text"', '{"id": 1, "token": "t"}', 'null'])(
  'what is not ours (%s) is ignored',
  async (text) => {
    const storage = new FakeStorage();
    open(storage).keep(ANN);
    for (const key of storage.items.keys()) storage.items.set(key, text);
    await expect(open(storage).take()).resolves.toBeUndefined();
  },
);

it('without locks (an insecure context) a reload still resumes', async () => {
  const storage = new FakeStorage();
  const make = () => new ResumeStore({ serverUrl: 'http://k.example/', room: 'r', storage });
  make().keep(ANN);
  await expect(make().take()).resolves.toEqual(ANN);
});

it('storage that is blocked stops nothing', async () => {
  const blocked = () => {
    throw new DOMException('', 'SecurityError');
  };
  const storage = { getItem: blocked, setItem: blocked, removeItem: blocked };
  const store = new ResumeStore({
    serverUrl: 'https://k.example/',
    room: 'r',
    storage,
    locks: locks.asReal(),
  });
  await expect(store.take()).resolves.toBeUndefined();
  expect(() => store.keep(ANN)).not.toThrow();
});
