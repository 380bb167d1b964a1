// Strangers who ask for relays, or open connections and say nothing, cost no memory and disturb nobody.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Server, until } from '../lib/server.mjs';
import { Flow } from '../lib/turn.mjs';

const REQUESTS = 100_000;
const CONNECTIONS = 1_000;

// A row of a hash table with nothing but a 5-tuple in it takes about 50 bytes, so 100,000 of them 5 MB; an
// allocation takes ten times as much. A server that keeps nothing moves by tens of kilobytes.
const MOST_FOR_REQUESTS = 2 * 1024 * 1024;

// What a forgotten connection would keep: its task and buffers, 8 kB. A server that keeps nothing moves by 1 MB,
// as its allocator pleases.
const MOST_FOR_CONNECTIONS = 4 * 1024 * 1024;

describe('a flood', () => {
  let server;
  before(async () => {
    server = await Server.start(['--turn-user', 'ann:secret']);
  });
  after(() => server?.stop());

  const credentials = { name: 'ann', password: 'secret' };

  /** The server's memory that is not backed by files, in bytes. */
  function memory() {
    const [, kilobytes] = readFileSync(`/proc/${server.process.pid}/status`, 'utf8').match(/RssAnon:\s+(\d+) kB/);
    return Number(kilobytes) * 1024;
  }

  /** Relays over UDP and TCP with a payload every 5 ms. */
  const running = () => Promise.all(['udp', 'tcp'].map((transport) => Flow.start(server.port, { ...credentials, transport })));

  /** Ends them; every payload has arrived as it was sent. */
  async function arrived(flows, t) {
    const ends = await Promise.all(flows.map((flow) => flow.stop()));
    t.diagnostic(`relayed meanwhile: ${JSON.stringify(ends)}`);
    for (const { sent, lost, broken } of ends) {
      assert.ok(sent > 100, `${sent} payloads is no running relay`);
      assert.deepEqual({ lost, broken }, { lost: 0, broken: 0 });
    }
  }

  async function flood(count) {
    const worker = new Worker(new URL('../lib/flood.mjs', import.meta.url), { workerData: { port: server.port, count } });
    const [{ answered }] = await once(worker, 'message');
    return answered;
  }

  it('of 100,000 Allocates without credentials leaves memory flat and running relays without loss', async (t) => {
    // What the first requests of all make the server reserve is not the flood's.
    await flood(2_000);
    const flows = await running();
    const before = memory();
    const refused = await server.metric('kaigi_turn_refused_total', { code: 401 });
    const started = Date.now();
    const answered = await flood(REQUESTS);
    const grown = memory() - before;
    t.diagnostic(`${answered} answered in ${Date.now() - started} ms; ${grown / 1024} kB more memory`);
    await arrived(flows, t);
    assert.ok(answered > REQUESTS * 0.9, `${answered} requests were answered`);
    await until('the server has counted them', async () =>
      (await server.metric('kaigi_turn_refused_total', { code: 401 })) >= refused + answered);
    assert.ok(grown < MOST_FOR_REQUESTS, `memory grew by ${grown} bytes`);
  });

  /** Opens connections that say nothing at all, or begin with TLS, or with a STUN message, and wait. */
  async function silentConnections() {
    const beginnings = [Buffer.alloc(0), Buffer.from([0x16, 3]), Buffer.from([0, 3, 0, 8, 0x21])];
    const connections = await Promise.all(Array.from({ length: CONNECTIONS }, async (_, index) => {
      const socket = net.connect(server.port, '127.0.0.1');
      await once(socket, 'connect');
      // A reset ends a connection as well as anything else.
      socket.on('error', () => {});
      const ended = once(socket, 'close');
      socket.resume().write(beginnings[index % beginnings.length]);
      return { socket, ended };
    }));
    await until('all are accepted', async () => (await server.metric('kaigi_tcp_connections')) >= CONNECTIONS);
    return connections;
  }

  it('of connections that never say what they want is closed, with running relays without loss', async (t) => {
    // The memory so many take at once is reserved first, by others that end by themselves.
    for (let wave = 0; wave < 3; wave += 1) {
      for (const { socket } of await silentConnections()) socket.destroy();
      await until('they are gone', async () => (await server.metric('kaigi_tcp_connections')) <= 1);
    }
    const flows = await running();
    const before = memory();
    const connections = await silentConnections();
    assert.equal((await server.get('/healthz')).status, 200);
    const started = Date.now();
    // Nobody here closes them: the server does, ten seconds after it has accepted them.
    let overdue = 0;
    const deadline = setTimeout(() => {
      for (const { socket } of connections.filter(({ socket }) => !socket.destroyed)) {
        overdue += 1;
        socket.destroy();
      }
    }, 25_000);
    await Promise.all(connections.map(({ ended }) => ended));
    clearTimeout(deadline);
    assert.equal(overdue, 0, `${overdue} connections were still open`);
    await until('only the relayed ones are left', async () => (await server.metric('kaigi_tcp_connections')) <= 3);
    const grown = memory() - before;
    t.diagnostic(`closed ${Date.now() - started} ms after the last was opened; ${grown / 1024} kB more memory`);
    assert.ok(grown < MOST_FOR_CONNECTIONS, `memory grew by ${grown} bytes`);
    await arrived(flows, t);
  });
});
