import { describe, expect, it } from 'vitest';
import type { ConnectionHandlers } from '../src/connection';
import { PreparedConnections } from '../src/prepared';
import { FakeNetwork, settle } from './fakes/connection';

const OPTIONS = { serverUrl: 'https://k.example/', transports: undefined };

function handlers() {
  const heard: string[] = [];
  const all: ConnectionHandlers = {
    opened: () => heard.push('opened'),
    event: (name) => heard.push(name),
    transport: (name) => heard.push(name),
    lost: (why) => heard.push(`lost: ${why}`),
  };
  return { heard, all };
}

describe('a prepared connection', () => {
  it('is taken by the next to connect, who hears of everything from then on', async () => {
    const network = new FakeNetwork();
    const prepared = new PreparedConnections(network.connect);
    prepared.prepare(OPTIONS);
    prepared.prepare(OPTIONS);
    expect(network.connections).toHaveLength(1);
    network.last.handlers.opened();
    const { heard, all } = handlers();
    expect(prepared.connect(OPTIONS, all)).toBe(network.connections[0]);
    expect(heard).toEqual([]);
    await settle();
    network.last.handlers.event('chat', {});
    network.last.handlers.transport('websocket');
    await network.last.lose();
    expect(heard).toEqual(['opened', 'chat', 'websocket', 'lost: test']);
  });

  it('may be taken before it is open', () => {
    const network = new FakeNetwork();
    const prepared = new PreparedConnections(network.connect);
    prepared.prepare(OPTIONS);
    const { heard, all } = handlers();
    prepared.connect(OPTIONS, all);
    network.last.handlers.opened();
    expect(heard).toEqual(['opened']);
  });

  it('serves one: the second to connect opens its own', () => {
    const network = new FakeNetwork();
    const prepared = new PreparedConnections(network.connect);
    prepared.prepare(OPTIONS);
    prepared.connect(OPTIONS, handlers().all);
    prepared.connect(OPTIONS, handlers().all);
    expect(network.connections).toHaveLength(2);
  });

  it('is for its own server only', () => {
    const network = new FakeNetwork();
    const prepared = new PreparedConnections(network.connect);
    prepared.prepare(OPTIONS);
    prepared.connect({ ...OPTIONS, serverUrl: 'https://other.example/' }, handlers().all);
    expect(network.connections).toHaveLength(2);
  });

  it('that was lost, or whose server stops, is not handed out', async () => {
    for (const end of [
      async (network: FakeNetwork) => network.last.lose(),
      async (network: FakeNetwork) => network.last.handlers.event('server-closing', {}),
    ]) {
      const network = new FakeNetwork();
      const prepared = new PreparedConnections(network.connect);
      prepared.prepare(OPTIONS);
      network.last.handlers.opened();
      await end(network);
      expect(network.connections[0]?.closed).toBe(true);
      const { all } = handlers();
      prepared.connect(OPTIONS, all);
      expect(network.connections).toHaveLength(2);
    }
  });

  it('is closed when nobody needs it, and left alone once taken', () => {
    const network = new FakeNetwork();
    const prepared = new PreparedConnections(network.connect);
    prepared.prepare(OPTIONS)();
    expect(network.last.closed).toBe(true);
    const dispose = prepared.prepare(OPTIONS);
    prepared.connect(OPTIONS, handlers().all);
    dispose();
    expect(network.last.closed).toBe(false);
  });
});
