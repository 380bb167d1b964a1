import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RoutedMessages } from '../src/routed/messages';
import { must } from './fakes/must';

const KB = 1024;

/** A server that passes envelopes on, and what it has to do with. */
class Relay {
  readonly clients = new Map<string, Client>();
  /** Envelopes that came, as `from > to: frame`. */
  readonly log: string[] = [];
  #moving: (() => void)[] = [];

  pass(from: string, bytes: Uint8Array, reliable: boolean): void {
    const names: string[] = [];
    let at = 2;
    for (let left = must(bytes[1]); left > 0; left--) {
      const length = must(bytes[at]);
      names.push(new TextDecoder().decode(bytes.subarray(at + 1, at + 1 + length)));
      at += 1 + length;
    }
    const frame = bytes.slice(at);
    this.log.push(
      `${from} > ${names.join() || 'all'}: ${['', 'message', '', 'credit', 'question'][must(frame[0])]}`,
    );
    const to = names.length > 0 ? names : [...this.clients.keys()].filter((id) => id !== from);
    const id = new TextEncoder().encode(from);
    const data = new Uint8Array([2, 1, id.length, ...id, ...frame]);
    for (const name of to) {
      this.#moving.push(() => {
        const client = this.clients.get(name);
        if (client?.open && !client.deaf) client.messages.handleMessage(data.slice().buffer, reliable);
      });
    }
  }

  /** Lets everything arrive that is under way. */
  settle(): void {
    for (let next = this.#moving.shift(); next; next = this.#moving.shift()) next();
  }
}

class Client {
  open = false;
  full = false;
  /** Takes nothing in. */
  deaf = false;
  readonly messages: RoutedMessages;
  readonly got: string[] = [];

  constructor(
    readonly relay: Relay,
    readonly id: string,
  ) {
    relay.clients.set(id, this);
    const isOpen = () => this.open;
    const isFull = () => this.full || !this.open;
    this.messages = new RoutedMessages({
      get open() {
        return isOpen();
      },
      get full() {
        return isFull();
      },
      send: (bytes, reliable) => relay.pass(id, bytes, reliable),
    });
    this.messages.on('message', ({ from, frame }) => this.got.push(`${from} ${frame[1]}`));
  }

  connect(): this {
    this.open = true;
    this.messages.handleOpen();
    this.relay.settle();
    return this;
  }

  send(to: string[], label: number, { reliable = true, length = 10, everybody = false } = {}): void {
    const frame = new Uint8Array(length);
    frame.set([1, label]);
    this.messages.send(to, frame, reliable, everybody);
    this.relay.settle();
  }
}

let relay: Relay;
beforeEach(() => {
  vi.useFakeTimers();
  relay = new Relay();
});
afterEach(() => {
  for (const { messages } of relay.clients.values()) messages.close();
  vi.useRealTimers();
});

function meeting(...ids: string[]): Client[] {
  return ids.map((id) => new Client(relay, id).connect());
}

describe('being there', () => {
  it('what is sent to somebody whose connection is not up yet waits for it', () => {
    const [ann] = meeting('ann');
    const bob = new Client(relay, 'bob');
    must(ann).send(['bob'], 7);
    expect(must(ann).messages.waitingBytes('bob')).toBe(10);
    bob.connect();
    expect(bob.got).toEqual(['ann 7']);
    expect(must(ann).messages.waitingBytes('bob')).toBe(0);
  });

  it('a newcomer who was not there when the others said so asks', () => {
    const [, bob] = meeting('ann', 'bob');
    // Bob heard nothing of Ann, who was first.
    expect(must(bob).messages.isHere('ann')).toBe(false);
    must(bob).send(['ann'], 7);
    expect(must(relay.clients.get('ann')).got).toEqual(['bob 7']);
  });

  it('what waits before the own connection is up goes out with it, once for all who are there', () => {
    const [ann] = meeting('ann');
    const [, bob, cy] = [ann, new Client(relay, 'bob'), new Client(relay, 'cy')];
    bob.connect();
    cy.send(['ann', 'bob'], 1);
    cy.send(['ann', 'bob'], 2);
    relay.log.length = 0;
    cy.connect();
    expect(must(ann).got).toEqual(['cy 1', 'cy 2']);
    expect(bob.got).toEqual(['cy 1', 'cy 2']);
    expect(relay.log.filter((line) => line === 'cy > ann,bob: question')).toHaveLength(1);
  });
});

describe('credit', () => {
  it('a message to everybody is one envelope without names', () => {
    const [ann, bob] = meeting('ann', 'bob', 'cy');
    must(bob).send(['ann', 'cy'], 1);
    must(ann).send(['bob', 'cy'], 2, { everybody: true });
    must(ann).send(['bob', 'cy'], 3, { everybody: true });
    expect(relay.log.filter((line) => line.endsWith('message')).at(-1)).toBe('ann > all: message');
    expect(must(relay.clients.get('cy')).got).toEqual(['bob 1', 'ann 2', 'ann 3']);
  });

  it('never more than the window is under way to one who takes nothing in', () => {
    const [ann, bob] = meeting('ann', 'bob');
    must(bob).send(['ann'], 0);
    must(bob).deaf = true;
    for (let i = 0; i < 40; i++) must(ann).send(['bob'], i, { length: 64 * KB });
    expect(must(ann).messages.waitingBytes('bob')).toBe(36 * 64 * KB);
  });

  it('goes on as it is consumed, in order', () => {
    const [ann, bob] = meeting('ann', 'bob');
    must(bob).send(['ann'], 0);
    for (let i = 0; i < 100; i++) must(ann).send(['bob'], i, { length: 64 * KB });
    expect(must(bob).got).toEqual(Array.from({ length: 100 }, (_, i) => `ann ${i}`));
    expect(must(ann).messages.waitingBytes('bob')).toBe(0);
  });

  it('a slow one holds up nobody else', () => {
    const [ann, bob, cy] = meeting('ann', 'bob', 'cy');
    must(bob).send(['ann'], 0);
    must(cy).send(['ann'], 0);
    must(bob).deaf = true;
    for (let i = 0; i < 50; i++) must(ann).send(['bob', 'cy'], i, { length: 64 * KB, everybody: true });
    expect(must(cy).got).toHaveLength(50);
    expect(must(ann).messages.waitingBytes('cy')).toBe(0);
  });

  it('that was lost with a connection is not waited for for ever', async () => {
    const [ann, bob] = meeting('ann', 'bob');
    must(bob).send(['ann'], 0);
    await vi.advanceTimersByTimeAsync(60_000);
    must(bob).deaf = true;
    for (let i = 0; i < 20; i++) must(ann).send(['bob'], i, { length: 64 * KB });
    must(bob).deaf = false;
    expect(must(bob).got).toEqual([]);
    await vi.advanceTimersByTimeAsync(4_000);
    relay.settle();
    expect(must(bob).got).toEqual([]);
    await vi.advanceTimersByTimeAsync(3_000);
    relay.settle();
    expect(must(bob).got).toEqual(Array.from({ length: 16 }, (_, i) => `ann ${i + 4}`));
  });

  it('is not asked for what may get lost, nor given', () => {
    const [ann, bob] = meeting('ann', 'bob');
    must(bob).send(['ann'], 0);
    for (let i = 0; i < 40; i++) must(ann).send(['bob'], i, { length: 64 * KB, reliable: false });
    expect(must(bob).got).toHaveLength(40);
    expect(relay.log).not.toContain('bob > ann: credit');
  });
});

describe('a full channel', () => {
  it('holds back until it has drained', () => {
    const [ann, bob] = meeting('ann', 'bob');
    must(bob).send(['ann'], 0);
    must(ann).full = true;
    must(ann).send(['bob'], 1);
    expect(must(bob).got).toEqual([]);
    must(ann).full = false;
    must(ann).messages.handleDrained();
    relay.settle();
    expect(must(bob).got).toEqual(['ann 1']);
  });
});

describe('somebody who left', () => {
  it('has nothing waiting', () => {
    const [ann] = meeting('ann');
    must(ann).send(['bob'], 1);
    must(ann).messages.forget('bob');
    expect(must(ann).messages.waitingBytes('bob')).toBe(0);
    new Client(relay, 'bob').connect();
    expect(must(relay.clients.get('bob')).got).toEqual([]);
  });
});
