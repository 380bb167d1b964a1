// The TURN server, driven by coturn's own programs. Each run has a server of its own, so that all it counts is that run.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { keepRunning, program, running, uclient, uclientArgs } from '../lib/coturn.mjs';
import { Server, until } from '../lib/server.mjs';

const MESSAGES = 50;
const CLIENTS = 2;
const SIZED = ['-n', String(MESSAGES), '-m', String(CLIENTS)];

async function withServer(args, use) {
  const server = await Server.start(['--turn-user', 'ann:secret', ...args]);
  try {
    await use(server);
    assert.equal(server.process.exitCode, null, server.output);
    assert.doesNotMatch(server.output, /panicked/);
  } finally {
    await server.stop();
  }
}

/** Allocations that live. */
async function allocations(server) {
  const metric = await server.metrics();
  return metric('kaigi_turn_allocations_total') - metric('kaigi_turn_allocations_closed_total');
}

/** The server counts these packets in both directions, over this transport and no other. */
async function relayed(server, transport, packets) {
  const rows = ['udp', 'tcp', 'tls'].flatMap((one) => ['up', 'down'].map((direction) => ({ transport: one, direction })));
  const expected = rows.map((row) => (row.transport === transport ? packets : 0));
  let seen;
  await until('the metrics are up to date', async () => {
    const metric = await server.metrics();
    seen = rows.map((row) => metric('kaigi_turn_relayed_packets_total', row));
    return seen.every((count, index) => count >= expected[index]);
  }, 5_000).catch(() => {});
  assert.deepEqual(seen, expected);
}

const TRANSPORT = { udp: [], tcp: ['-t'], tls: ['-t', '-S'] };

// Relays of IPv6 by a client that came over IPv6, so that the machine needs no address but loopback for it.
const V6 = { address: '::1' };

/** What, over which transport, options, and as whom from where. */
const PAIRS = [
  ['channels', 'udp', ['-c']],
  ['channels', 'tcp', ['-c']],
  ['channels', 'tls', ['-c']],
  ['Send and Data indications', 'udp', ['-c', '-s']],
  ['Send and Data indications', 'tcp', ['-c', '-s']],
  ['Send and Data indications', 'tls', ['-c', '-s']],
  ['IPv6 relays', 'udp', ['-c', '-x'], V6],
  ['IPv6 relays and indications', 'tcp', ['-c', '-x', '-s'], V6],
  ['IPv6 relays', 'tls', ['-c', '-x'], V6],
  ['dual allocation', 'udp', ['-Z'], V6],
  ['dual allocation and indications', 'tcp', ['-Z', '-s'], V6],
  ['dual allocation', 'tls', ['-Z'], V6],
  ['dual allocation with IPv6 in use', 'udp', ['-Z', '-x'], V6],
  ['extra permissions and channels', 'udp', ['-c', '-G']],
  ['extra permissions', 'tls', ['-c', '-G', '-s']],
  ['channel numbers at random', 'udp', ['-c', '-N']],
  ['channel numbers at random', 'tcp', ['-c', '-N']],
  ['DONT-FRAGMENT', 'udp', ['-c', '-g']],
  ['DONT-FRAGMENT in indications', 'udp', ['-c', '-g', '-s']],
  ['padded ChannelData', 'udp', ['-c', '-D', '-l', '1197']],
  ['ChannelData that needs padding', 'tcp', ['-c', '-l', '1197']],
];

const PEERS = [
  ['channels', 'udp', ['-c']],
  ['indications', 'udp', ['-c', '-s']],
  ['extra permissions and channels', 'tcp', ['-c', '-G']],
  ['indications', 'tls', ['-c', '-s', '-G']],
  ['IPv6', 'udp', ['-c'], V6],
];

describe('turnutils_uclient', { concurrency: 16 }, () => {
  for (const [what, transport, options, as] of PAIRS) {
    it(`exchanges all packets between two clients over ${transport} with ${what}`, () => withServer([], async (server) => {
      const { code, output, sent, received, lost } =
        await uclient(server, ['-y', ...SIZED, ...TRANSPORT[transport], ...options], as);
      assert.equal(code, 0, output);
      assert.deepEqual({ sent, received, lost }, { sent: MESSAGES * CLIENTS, received: MESSAGES * CLIENTS, lost: 0 });
      await relayed(server, transport, MESSAGES * CLIENTS);
      if (transport !== 'udp') {
        await until('nothing is left of its allocations', async () => (await allocations(server)) === 0);
      } else if (!options.includes('-Z')) {
        // The client's probe is never released, and on UDP nothing tells that it is gone. (With -Z it releases one
        // family of two, at random.)
        await until('all but its probe is released', async () => (await allocations(server)) === 1);
      }
    }));
  }

  for (const [what, transport, options, as = { address: '127.0.0.1' }] of PEERS) {
    it(`gets back all packets of an echoing peer over ${transport} with ${what}`, () =>
      withServer(['--turn-allow-peer', as.address], async (server) => {
        const port = await freePair(as.address);
        const peer = running('turnutils_peer', ['-L', as.address, '-p', String(port)]);
        try {
          await until('the peer echoes', () => echoes(port, as.address));
          const { code, output, sent, received, lost } = await uclient(server,
            ['-e', as.address, '-r', String(port), ...SIZED, ...TRANSPORT[transport], ...options], as);
          assert.equal(code, 0, output);
          assert.deepEqual({ sent, received, lost }, { sent: MESSAGES * CLIENTS, received: MESSAGES * CLIENTS, lost: 0 });
          await relayed(server, transport, MESSAGES * CLIENTS);
          const left = transport === 'udp' ? CLIENTS : 0;
          await until('all but its probes is released', async () => (await allocations(server)) === left);
        } finally {
          await peer.stop();
        }
      }));
  }

  it('uses credentials minted with the shared secret, until they expire', () =>
    withServer(['--turn-secret', 'shared'], async (server) => {
      const mint = (expiry) => {
        const name = `${expiry}:bob`;
        return { name, password: createHmac('sha1', 'shared').update(name).digest('base64') };
      };
      const now = Math.floor(Date.now() / 1000);
      const run = (as) => uclient(server, ['-c', '-y', ...SIZED], as);
      const minted = await uclient(server, ['-c', '-y', ...SIZED, '-W', 'shared']);
      assert.deepEqual([minted.code, minted.lost], [0, 0], minted.output);
      const [good, expired, wrong] =
        await Promise.all([run(mint(now + 600)), run(mint(now - 600)), run({ password: 'wrong' })]);
      assert.deepEqual([good.code, good.lost], [0, 0], good.output);
      assert.notEqual(expired.code, 0);
      assert.notEqual(wrong.code, 0);
    }));

  it('reaches no peer that is the server’s own machine', () => withServer([], async (server) => {
    const { code, output } = await uclient(server, ['-c', '-e', '127.0.0.1', '-r', '9000', ...SIZED]);
    assert.notEqual(code, 0);
    assert.match(output, /error 403/);
    assert.equal(await server.metric('kaigi_turn_relayed_packets_total'), 0);
  }));

  for (const transport of ['udp', 'tcp', 'tls']) {
    it(`is served over ${transport} while others send broken messages`, () => withServer([], async (server) => {
      // -R overwrites bytes in one of ten messages, so that these clients get stuck or give up sooner or later:
      // new ones take their places.
      const others = [['-R'], ['-R', '-s'], ['-R', '-N', '-G']].map((options) => keepRunning('turnutils_uclient',
        uclientArgs(server, ['-y', '-c', '-n', '200', '-m', '2', ...TRANSPORT[transport], ...options])));
      try {
        await until('messages were broken', async () => {
          const metric = await server.metrics();
          return metric('kaigi_turn_refused_total', { code: 400 }) + metric('kaigi_udp_dropped_total') >= 10;
        }, 30_000);
        const { code, output, lost } = await uclient(server, ['-y', '-c', ...SIZED, ...TRANSPORT[transport]]);
        assert.deepEqual([code, lost], [0, 0], output);
      } finally {
        await Promise.all(others.map((other) => other.stop()));
      }
      if (transport !== 'udp') await until('nothing is left', async () => (await allocations(server)) === 0);
    }));
  }

  for (const [transport, probes] of [['tcp', 0], ['tls', 6]]) {
    it(`leaves nothing behind when its ${transport} connections break off`, () => withServer([], async (server) => {
      // -B closes all connections as soon as more than five clients send within a millisecond.
      const client = running('turnutils_uclient',
        uclientArgs(server, ['-y', '-c', '-B', '-n', '4000', '-m', '12', '-z', '1', ...TRANSPORT[transport]]));
      try {
        await until('twelve clients and six probes have had relays', async () =>
          (await server.metric('kaigi_turn_allocations_total')) >= 18);
        // The program goes on and waits for answers; over TLS it forgets to close its probes until it ends.
        await until('their relays are closed', async () => (await allocations(server)) === probes);
        assert.ok(client.runs(), 'the client has not ended');
      } finally {
        await client.stop();
      }
      await until('nothing is left', async () => (await allocations(server)) === 0);
    }));
  }
});

describe('coturn’s STUN clients', () => {
  for (const address of ['127.0.0.1', '::1']) {
    it(`learn their address from ${address}`, () => withServer([], async (server) => {
      const port = String(server.port);
      const simple = await program('turnutils_stunclient', ['-p', port, '-L', address, address]);
      assert.equal(simple.code, 0);
      assert.ok(simple.output.includes(`UDP reflexive addr: ${address}:`), simple.output);

      // Without RFC 5780 on the server, NAT discovery ends with what one address can tell.
      const discovery = await program('turnutils_natdiscovery', ['-m', '-f', '-H', '-p', port, '-L', address, address]);
      assert.equal(discovery.code, 0);
      assert.match(discovery.output, /Mapping Behavior Discovery[^]*No NAT! [^]*Filtering Behavior Discovery[^]*No NAT! /);
    }));
  }
});

/** A UDP port that is free together with the one after it. */
async function freePair(address) {
  for (;;) {
    const sockets = [];
    try {
      for (let index = 0; index < 2; index += 1) {
        const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4');
        sockets.push(socket);
        socket.bind(index === 0 ? 0 : sockets[0].address().port + 1, address);
        await once(socket, 'listening');
      }
      return sockets[0].address().port;
    } catch {
      // The second is taken: another pair.
    } finally {
      for (const socket of sockets) socket.close();
    }
  }
}

/** Something on this port sends back what it gets. */
async function echoes(port, address) {
  const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4');
  try {
    socket.on('error', () => {});
    socket.send('echo', port, address);
    const [packet] = await once(socket, 'message', { signal: AbortSignal.timeout(200) });
    return packet.toString() === 'echo';
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
