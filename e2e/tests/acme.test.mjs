// Certificates by ACME, from an authority that really validates.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { after, before, describe, it } from 'node:test';
import { Pebble } from '../lib/pebble.mjs';
import { Server, binary, freePort, request, until } from '../lib/server.mjs';

const HOST = 'meet.example.org';

/** The certificate shown for a name, and whether `ca` vouches for it; the connection is left open for the caller. */
const shown = (port, ca, servername = HOST) => new Promise((resolve, reject) => {
  const socket = tls.connect({ port, host: '127.0.0.1', servername, ca, rejectUnauthorized: false }, () => {
    const { issuer, subjectaltname, fingerprint256 } = socket.getPeerCertificate();
    resolve({ socket, issuer: issuer.CN, names: subjectaltname, fingerprint: fingerprint256, trusted: socket.authorized });
  });
  socket.on('error', reject);
});

/** The protocol that a client which offers these is given. */
const protocol = (server, ALPNProtocols) => new Promise((resolve) => {
  const socket = tls.connect({ port: server.port, host: '127.0.0.1', servername: HOST, ALPNProtocols, rejectUnauthorized: false },
    () => { resolve(socket.alpnProtocol); socket.destroy(); });
  socket.on('error', () => resolve('refused'));
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

      // Whoever comes as an authority would is shown nothing when no order runs.
      assert.equal(await protocol(server, ['acme-tls/1']), 'refused');
      assert.equal(await protocol(server, ['acme-tls/1', 'http/1.1']), 'http/1.1');

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

  it('is renewed at two thirds of its time, and served without a restart to new connections, while old ones live on', async () => {
    const short = await Pebble.start({ ...ports, validity: 8 });
    const server = await Server.start(short.args(HOST), { port: ports.tlsPort });
    try {
      const ca = await short.root();
      const first = await until('it is trusted', () => trusted(server, ca));
      const { socket } = await shown(server.port, ca);
      const { fingerprint } = await until('it is renewed', async () => {
        const now = await trusted(server, ca);
        return now && now.fingerprint !== first.fingerprint && now;
      });
      assert.notEqual(fingerprint, first.fingerprint);
      const answer = new Promise((resolve) => socket.once('data', (data) => resolve(data.toString())));
      socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
      assert.match(await answer, /^HTTP\/1.1 200/);
    } finally {
      await server.stop();
      await short.stop();
    }
  });

  it('is ordered with a new account when the authority has forgotten the old one', async () => {
    const other = await Pebble.start(ports);
    const server = await Server.start(other.args(HOST), { port: ports.tlsPort });
    try {
      await until('it is trusted', async () => trusted(server, await other.root()));
      const account = readFileSync(join(folder(server), 'account.json'), 'utf8');
      await server.end();
      rmSync(join(folder(server), 'certificate.pem'));
      await other.restart();
      await server.launch();
      await until('it is trusted again', async () => trusted(server, await other.root()));
      assert.notEqual(readFileSync(join(folder(server), 'account.json'), 'utf8'), account);
    } finally {
      await server.stop();
      await other.stop();
    }
  });

  it('that cannot be issued is explained, a self-signed one is shown meanwhile, and check and doctor know why', async () => {
    await pebble.forget('nowhere.example.org');
    const run = async (host, port) => {
      const server = await Server.start(pebble.args(host), port && { port });
      try {
        const said = await failing(server);
        const found = await shown(server.port, await pebble.root(), host);
        found.socket.destroy();
        assert.match(found.issuer, /self-signed/);
        assert.equal(await server.metric('kaigi_acme_state', { state: 'failing' }), 1);
        const check = await cli(['check', '--data-dir', server.dataDir, ...pebble.args(host)]);
        assert.match(check, /the last order failed 0 minutes ago/);
        return [said, server.dataDir, await cli(['doctor', '--listen', `127.0.0.1:${server.port}`, '--data-dir', server.dataDir, ...pebble.args(host)])];
      } finally {
        await server.stop();
      }
    };
    // Another port than the one the authority comes to: as if a firewall had closed it.
    const [closed, , doctor] = await run(HOST);
    assert.match(closed, /cannot connect to TCP port 443 of meet\.example\.org: open it/);
    assert.match(doctor.replace(/\s+/g, ' '), /certificate .*the authority answers at https.*PROBLEM|PROBLEM .*the last order failed/);
    const [unknown] = await run('nowhere.example.org', ports.tlsPort);
    assert.match(unknown, /finds no usable address of nowhere\.example\.org in the DNS: add an A/);
    const [blocked] = await run('blocked.example.org', ports.tlsPort);
    assert.match(blocked, /the authority issues no certificate for blocked\.example\.org/);
    // Somebody else's server on the port.
    const stranger = tls.createServer({ ALPNProtocols: ['acme-tls/1'], cert: readFileSync(pebble.certificate), key: readFileSync(pebble.key) });
    stranger.listen(ports.tlsPort, '127.0.0.1');
    const [elsewhere] = await run(HOST);
    stranger.close();
    assert.match(elsewhere, /another server answers on port 443 of meet\.example\.org/);
  });

  it('is not asked for again before the authority allows, by a restart neither', async () => {
    const limited = await busyAuthority(pebble);
    const server = await Server.start(['--acme', HOST, '--acme-directory', limited.directory, '--acme-ca', pebble.authority.certificate]);
    try {
      assert.match(await failing(server), /the authority's rate limit is reached until \d{4}-\d\d-\d\dT.*too many/);
      const asked = limited.asked();
      await server.end();
      server.output = '';
      await server.launch();
      await until('it says why it waits', () => /rate limit is reached.*it is not asked before/.test(server.output));
      assert.equal(limited.asked(), asked);
    } finally {
      await server.stop();
      limited.close();
    }
  });

  it('contradicts other sources of one, and an authority that is not there is told', async () => {
    const check = (...args) => cli(['check', '--acme', HOST, ...args]);
    assert.match(await check('--tls', 'off'), /--acme: contradicts `tls = "off"`/);
    assert.match(await check('--tls-cert', 'c.pem', '--tls-key', 'k.pem'), /--acme: contradicts `tls-cert`/);
    const server = await Server.start(['--acme', HOST, '--acme-directory', `https://localhost:${await freePort()}/`, '--acme-ca', pebble.authority.certificate]);
    try {
      assert.match(await failing(server), /cannot connect to localhost:\d+ .*outbound TCP/);
      const distrusted = await Server.start(['--acme', HOST, '--acme-directory', pebble.directory]);
      assert.match(await failing(distrusted), /cannot trust localhost.*acme-ca/);
      await distrusted.stop();
    } finally {
      await server.stop();
    }
  });
});

/** What the binary prints, whether it is content or not. */
const cli = (args) => new Promise((resolve) => {
  execFile(binary, args, { cwd: tmpdir() }, (_error, stdout, stderr) => resolve(stdout + stderr));
});

/** An authority that has had enough: everything works but new orders. */
async function busyAuthority({ certificate, key }) {
  let asked = 0;
  const server = https.createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, response) => {
    const to = (path) => `https://localhost:${server.address().port}/${path}`;
    response.setHeader('Replay-Nonce', 'bm9uY2U');
    const say = (status, body, headers = {}) => {
      response.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json', ...headers });
      response.end(JSON.stringify(body));
    };
    if (request.url === '/directory') {
      say(200, { newNonce: to('nonce'), newAccount: to('account'), newOrder: to('order'), revokeCert: to('revoke'), keyChange: to('change') });
    } else if (request.url === '/nonce') {
      response.end();
    } else if (request.url === '/account') {
      say(201, { status: 'valid' }, { Location: to('account/1') });
    } else {
      asked += 1;
      say(429, { type: 'urn:ietf:params:acme:error:rateLimited', detail: 'too many certificates', status: 429 }, { 'Retry-After': '3600' });
    }
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return { directory: `https://localhost:${server.address().port}/directory`, asked: () => asked, close: () => server.close() };
}
