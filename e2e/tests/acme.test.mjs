// Certificates by ACME, from an authority that really validates.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { after, before, describe, it } from 'node:test';
import { Pebble } from '../lib/pebble.mjs';
import { Server, freePort, request, until } from '../lib/server.mjs';

const HOST = 'meet.example.org';

/** The certificate shown for a name, and whether `ca` vouches for it; the connection is left open for the caller. */
const shown = (port, ca, servername = HOST) => new Promise((resolve, reject) => {
  const socket = tls.connect({ port, host: '127.0.0.1', servername, ca, rejectUnauthorized: false }, () => {
    const { issuer, subjectaltname, fingerprint256 } = socket.getPeerCertificate();
    resolve({ socket, issuer: issuer.CN, names: subjectaltname, fingerprint: fingerprint256, trusted: socket.authorized });
  });
  socket.on('error', reject);
});

const trusted = async (server, ca) => {
  const found = await shown(server.port, ca);
  found.socket.destroy();
  return found.trusted && found;
};

const folder = (server) => {
  const acme = join(server.dataDir, 'acme');
  return existsSync(acme) ? join(acme, readdirSync(acme)[0]) : acme;
};

const failing = (server) => until('it fails', () => server.output.match(/no certificate for .*/)?.[0]);

describe('a certificate by ACME', () => {
  let pebble, ports;
  before(async () => {
    ports = { tlsPort: await freePort(), httpPort: await freePort() };
    pebble = await Pebble.start(ports);
  });
  after(() => pebble?.stop());

  it('is issued by TLS-ALPN-01 on the one port, for all hosts, and a restart uses it and its account again', async () => {
    const args = [...pebble.args(HOST, 'www.example.org'), '--acme-contact', 'admin@example.org'];
    const server = await Server.start(args, { port: ports.tlsPort });
    try {
      const ca = await pebble.root();
      const found = await until('it is trusted', () => trusted(server, ca));
      assert.match(found.names, /DNS:meet\.example\.org/);
      assert.match(found.names, /DNS:www\.example\.org/);
      for (const file of readdirSync(folder(server))) {
        assert.equal(statSync(join(folder(server), file)).mode & 0o777, 0o600, file);
      }
      assert.equal(statSync(folder(server)).mode & 0o777, 0o700);
      assert.deepEqual(readdirSync(folder(server)).sort(), ['account.json', 'certificate.pem']);
      const account = readFileSync(join(folder(server), 'account.json'), 'utf8');
      const { body } = await server.get('/metrics');
      assert.match(body, /kaigi_acme_state\{state="issued"\} 1/);
      const expiry = await server.metric('kaigi_certificate_expiry_timestamp_seconds');
      assert.ok(Math.abs(expiry - Date.now() / 1000 - 90 * 24 * 3600) < 600, `${expiry}`);

      await server.end();
      await server.launch();
      const again = await shown(server.port, ca);
      again.socket.destroy();
      assert.equal(again.fingerprint, found.fingerprint);
      assert.equal(readFileSync(join(folder(server), 'account.json'), 'utf8'), account);
      assert.equal(server.output.match(/a certificate was issued/g).length, 1);
    } finally {
      await server.stop();
    }
  });

  it('is issued by HTTP-01 where a listener for plain HTTP redirects, which it goes on to do', async () => {
    const redirect = ['--http-redirect', `127.0.0.1:${ports.httpPort}`];
    const server = await Server.start([...pebble.args(HOST), ...redirect]);
    try {
      const ca = await pebble.root();
      await until('it is trusted', () => trusted(server, ca));
      for (const path of ['/', '/.well-known/acme-challenge/other']) {
        assert.equal((await request(`http://localhost:${ports.httpPort}${path}`)).status, 308);
      }
    } finally {
      await server.stop();
    }
  });

  it('is for validation only while an order runs, and nobody else is shown what proves', async () => {
    const server = await Server.start(pebble.args(HOST), { port: ports.tlsPort });
    try {
      const ca = await pebble.root();
      await until('it is trusted', () => trusted(server, ca));
      const validate = (ALPNProtocols) => new Promise((resolve) => {
        const socket = tls.connect({ port: server.port, host: '127.0.0.1', servername: HOST, ALPNProtocols, rejectUnauthorized: false },
          () => { resolve(socket.alpnProtocol); socket.destroy(); });
        socket.on('error', () => resolve('refused'));
      });
      assert.equal(await validate(['acme-tls/1']), 'refused');
      assert.equal(await validate(['acme-tls/1', 'http/1.1']), 'http/1.1');
    } finally {
      await server.stop();
    }
  });
});
