// The binary as an operator and a network see it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Server, binary, freePort, request, until } from '../lib/server.mjs';

const run = promisify(execFile);

describe('the server', () => {
  let server;
  before(async () => {
    server = await Server.start();
  });
  after(() => server?.stop());

  it('sends plain HTTP on its port to https on the same port', async () => {
    const answer = await request(`http://localhost:${server.port}/r/a?lang=en`);
    assert.equal(answer.status, 308);
    assert.equal(answer.headers.location, `https://localhost:${server.port}/r/a?lang=en`);
  });

  it('speaks HTTP/1.1 and HTTP/2, without extended CONNECT', async () => {
    assert.equal((await server.get('/')).status, 200);
    const session = http2.connect(server.url, { rejectUnauthorized: false });
    const [settings] = await once(session, 'remoteSettings');
    assert.ok(!settings.enableConnectProtocol, 'or browsers would run WebSockets over HTTP/2');
    const stream = session.request({ ':path': '/' });
    const [headers] = await once(stream, 'response');
    assert.equal(headers[':status'], 200);
    session.destroy();
  });

  it('serves the client compressed, with lasting names and strict headers', async () => {
    const page = await server.get('/', { 'accept-encoding': 'br' });
    assert.equal(page.headers['content-encoding'], 'br');
    assert.equal(page.headers['cache-control'], 'no-cache');
    const csp = page.headers['content-security-policy'];
    assert.match(csp, /script-src 'self';/);
    assert.match(csp, /frame-ancestors 'self'/);
    assert.match(page.headers['permissions-policy'], /camera=\(self\)/);
    assert.match(page.headers['set-cookie'][0], /HttpOnly; SameSite=Lax; Secure/);
    const plain = await server.get('/r/any-room');
    const [, script] = plain.body.match(/src="(\/assets\/[^"]+\.js)"/);
    const asset = await server.get(script, { 'accept-encoding': 'gzip' });
    assert.equal(asset.headers['content-encoding'], 'gzip');
    assert.match(asset.headers['cache-control'], /immutable/);
    assert.equal((await server.get('/nothing/here')).status, 404);
    assert.equal((await server.get('/..%2f..%2fetc/passwd')).status, 404);
  });

  it('serves its Socket.IO client and SDK', async () => {
    for (const path of ['/socket.io/socket.io.js', '/sdk/kaigi-client.js']) {
      const answer = await server.get(path);
      assert.equal(answer.status, 200);
      assert.match(answer.headers['content-type'], /javascript/);
    }
  });

  it('answers STUN over IPv4 and IPv6 from the address that was asked', async () => {
    for (const [family, address] of [['udp4', '127.0.0.1'], ['udp6', '::1']]) {
      const socket = dgram.createSocket(family);
      const transaction = Buffer.from('0123456789ab');
      const message = Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), transaction]);
      const answered = once(socket, 'message');
      socket.send(message, server.port, address);
      const [answer, from] = await answered;
      assert.equal(answer.readUInt16BE(0), 0x0101);
      assert.deepEqual(answer.subarray(8, 20), transaction);
      assert.equal(from.address, address);
      assert.equal(from.port, server.port);
      const attribute = answer.indexOf(Buffer.from([0, 0x20]), 20);
      assert.equal(answer.readUInt16BE(attribute + 6) ^ 0x2112, socket.address().port);
      socket.close();
    }
    const { stdout } = await run('turnutils_stunclient', ['-p', String(server.port), '127.0.0.1']);
    assert.match(stdout, /UDP reflexive addr: 127\.0\.0\.1:\d+/);
  });

  it('keeps preferences in a signed cookie and refuses bad ones', async () => {
    const put = (body, cookie) => server.get('/api/v1/session',
      { 'content-type': 'application/json', ...(cookie ? { cookie } : {}) }, 'PUT', JSON.stringify(body));
    const saved = await put({ preferences: { name: '李雷', lang: 'zh-CN' } });
    assert.equal(saved.status, 204);
    const cookie = saved.headers['set-cookie'][0].split(';')[0];
    const read = await server.get('/api/v1/session', { cookie });
    assert.deepEqual(JSON.parse(read.body), { preferences: { name: '李雷', lang: 'zh-CN' }, mayOpenRooms: true });
    const forged = await server.get('/api/v1/session', { cookie: cookie.replace(/.$/, 'x') });
    assert.deepEqual(JSON.parse(forged.body).preferences, {});
    const bad = await put({ preferences: { lang: 'xx' } });
    assert.equal(bad.status, 422);
    assert.match(JSON.parse(bad.body).detail, /lang/);
    assert.equal((await put('nonsense')).status, 422);
  });

  it('shows metrics to loopback, not through a proxy', async () => {
    const { body } = await server.get('/metrics');
    assert.match(body, /kaigi_tcp_connections /);
    assert.equal((await server.get('/metrics', { 'x-forwarded-for': '203.0.113.1' })).status, 403);
    assert.equal((await server.get('/healthz')).body, 'ok\n');
  });

  it('gives ICE servers to participants only', async () => {
    const refused = await server.get('/api/v1/ice-servers');
    assert.equal(refused.status, 403);
    assert.match(JSON.parse(refused.body).detail, /join a room/);
  });

  it('refuses pages of other origins, and says how to allow them', async () => {
    const path = '/socket.io/?EIO=4&transport=polling';
    assert.equal((await server.get(path, { origin: server.url })).status, 200);
    const refused = await server.get(path, { origin: 'https://elsewhere.example' });
    assert.equal(refused.status, 403);
    assert.match(refused.body, /--allow-origin https:\/\/elsewhere\.example/);
    for (const other of ['/socket.io?EIO=4&transport=polling', '/socket.io/x?EIO=4&transport=polling',
      '/socket.io/socket.io.js/?EIO=4&transport=polling']) {
      assert.equal((await server.get(other, { origin: 'https://elsewhere.example' })).status, 403, other);
    }
    const open = await Server.start(['--allow-origin', 'https://elsewhere.example']);
    try {
      const answer = await open.get(path, { origin: 'https://elsewhere.example' });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['access-control-allow-origin'], 'https://elsewhere.example');
    } finally {
      await open.stop();
    }
  });

  it('fails in one line when its port is taken, by another Kaigi too, on TCP or UDP', async () => {
    const listen = ['serve', '--listen', `127.0.0.1:${server.port}`, '--data-dir', server.dataDir];
    const again = await run(binary, listen).catch((error) => error);
    assert.equal(again.code, 1);
    assert.match(again.stderr.trim(), /^.*TCP port 127\.0\.0\.1:\d+ is taken, by another Kaigi.*--listen ADDR:PORT$/);
    const holder = dgram.createSocket('udp4');
    const port = await freePort();
    holder.bind(port, '127.0.0.1');
    await once(holder, 'listening');
    const udp = await run(binary, ['serve', '--listen', `127.0.0.1:${port}`, '--data-dir', server.dataDir])
      .catch((error) => error);
    assert.match(udp.stderr, /UDP port/);
    holder.close();
  });

  it('prints where to open it, the fingerprint, why the browser warns, and the firewall lines', async () => {
    assert.match(server.output, new RegExp(`https://localhost:${server.port}`));
    assert.match(server.output, /([0-9A-F]{2}:){31}[0-9A-F]{2}/);
    assert.match(server.output, /warn/);
    assert.match(server.output, new RegExp(`${server.port}/udp`));
  });

  it('redirects from a plain port, serves the operator’s own pages, and allows framing where told', async () => {
    const plain = await freePort();
    const pages = join(server.dataDir, 'pages');
    mkdirSync(pages);
    writeFileSync(join(pages, 'mine.html'), '<p>mine</p>');
    const other = await Server.start(['--http-redirect', `127.0.0.1:${plain}`, '--site-dir', pages,
      '--frame-ancestors', 'https://portal.example', '--metrics-token', 'token']);
    try {
      const moved = await request(`http://127.0.0.1:${plain}/r/x`);
      assert.equal(moved.headers.location, `https://127.0.0.1:${other.port}/r/x`);
      const page = await other.get('/site/mine.html');
      assert.equal(page.body, '<p>mine</p>');
      assert.equal(page.headers['content-security-policy'], undefined);
      assert.match((await other.get('/')).headers['content-security-policy'], /frame-ancestors https:\/\/portal\.example/);
      const proxied = { 'x-forwarded-for': '203.0.113.1' };
      assert.equal((await other.get('/metrics', { ...proxied, authorization: 'Bearer token' })).status, 200);
      assert.equal((await other.get('/metrics', { ...proxied, authorization: 'Bearer wrong' })).status, 403);
    } finally {
      await other.stop();
    }
  });

  it('serves plain HTTP behind a proxy, believes a trusted one, and says what needs its own route', async () => {
    const plain = await Server.start(['--tls', 'off', '--trust-proxy', '127.0.0.0/8', '--trust-proxy', '::1/128']);
    try {
      const page = await plain.get('/', { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.1' });
      assert.equal(page.status, 200);
      assert.match(page.headers['set-cookie'][0], /Secure/);
      assert.ok(!/Secure/.test((await plain.get('/')).headers['set-cookie'][0]));
      assert.match(plain.output, /UDP/);
    } finally {
      await plain.stop();
    }
  });

  it('closes what it does not speak, and silence, within its deadline', async () => {
    const closed = (socket) => new Promise((resolve) => {
      socket.on('error', () => {}).on('close', resolve).resume();
    });
    for (const bytes of ['SSH-2.0-OpenSSH_9\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', Buffer.alloc(10_000, 0x7f)]) {
      const socket = net.connect(server.port, '127.0.0.1');
      socket.write(bytes);
      await closed(socket);
    }
    const started = Date.now();
    await closed(net.connect(server.port, '127.0.0.1'));
    assert.ok(Date.now() - started < 20_000);
    await until('every cause is counted', async () =>
      (await server.metric('kaigi_tcp_connections_dropped_total')) >= 4);
  });
});
