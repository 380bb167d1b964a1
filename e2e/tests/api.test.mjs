// Applications: access tokens in browsers, the API, its description, and webhooks.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { io } from 'socket.io-client';
import { control, fakeMedia, launch, people, quiet, seesVideo } from '../lib/browser.mjs';
import { binary, freePort, Server, until } from '../lib/server.mjs';

const KEY = 'an-api-key-for-the-tests';
const SECRET = 'a secret of at least thirty-two bytes';
const MEDIA = { mic: false, camera: false, screen: false, screenAudio: false };

const base64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const seconds = () => Math.floor(Date.now() / 1_000);

/** What an application does in any language: a JWT by RFC 7519. */
function jwt(claims, header = { alg: 'HS256', kid: 'app' }, key = SECRET) {
  const text = `${base64(header)}.${base64({ exp: seconds() + 60, ...claims })}`;
  const signature = header.alg === 'EdDSA' ? sign(null, text, key) : createHmac('sha256', key).update(text).digest();
  return `${text}.${signature.toString('base64url')}`;
}

/** An application's server that is told what happens: it answers with what `answers` holds, then with 200. */
class Receiver {
  got = [];
  answers = [];

  async start() {
    this.server = http.createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = request.headers;
      const expected = createHmac('sha256', 'hook secret').update(`${id}.${timestamp}.${body}`).digest('base64');
      assert.equal(signature, `v1,${expected}`);
      assert.ok(Math.abs(Number(timestamp) - seconds()) < 60);
      const status = this.answers.shift() ?? 200;
      this.got.push({ id, status, ...JSON.parse(body) });
      response.writeHead(status, { location: '/elsewhere' }).end('x'.repeat(100_000));
    }).listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get url() {
    return `http://127.0.0.1:${this.server.address().port}/hook`;
  }

  types(room) {
    return this.got.filter(({ status, data }) => status === 200 && data.room === room).map(({ type }) => type);
  }
}

describe('applications', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kaigi-api-'));
  const pair = generateKeyPairSync('ed25519');
  let server;
  let receiver;
  let browser;

  before(async () => {
    writeFileSync(join(folder, 'app.pem'), pair.publicKey.export({ type: 'spki', format: 'pem' }));
    receiver = await new Receiver().start();
    server = await Server.start([
      '--api-key', KEY, '--token-secret', `app:${SECRET}`, '--token-public-key', `ed:${join(folder, 'app.pem')}`,
      '--webhook', receiver.url, '--webhook-secret', 'hook secret', '--create-key', 'only applications open rooms',
    ]);
    browser = await launch({ args: [...quiet, ...fakeMedia] });
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    receiver?.server.closeAllConnections();
    receiver?.server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const api = async (method, path, body, authorization = `Bearer ${KEY}`) => {
    const headers = { ...(authorization && { authorization }), ...(body !== undefined && { 'content-type': 'application/json' }) };
    const answer = await server.get(`/api/v1${path}`, headers, method, body === undefined ? undefined : JSON.stringify(body));
    return { ...answer, json: answer.body === '' ? undefined : JSON.parse(answer.body) };
  };

  /** A participant who is nothing but signaling. */
  const enter = async (room, more, at = server) => {
    const socket = io(`${at.url}/meet`, { transports: ['websocket'], forceNew: true, rejectUnauthorized: false });
    const join = { version: { major: 1, minor: 2 }, room, name: 'Somebody', media: MEDIA, ...more };
    return { socket, ...(await socket.timeout(10_000).emitWithAck('join', join)) };
  };

  it('send people with tokens, who are then what those say', async () => {
    const [ann, bob] = await people(browser, 2);
    const ask = { room: 'planned', name: 'Ann Example', identity: 'user-1', role: 'host' };
    const made = await api('POST', '/tokens', ask);
    assert.equal(made.status, 201, made.body);
    const page = await ann.newPage();
    await page.goto(`${server.url}/r/planned?lang=en#token=${made.json.token}`);
    const name = page.getByRole('textbox', { name: 'Your name' });
    assert.equal(await name.inputValue(), 'Ann Example');
    assert.equal(await name.getAttribute('readonly'), '', 'the invitation says who one is');
    await page.getByRole('button', { name: 'Join now' }).click();
    await page.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();

    // Bob may be heard and not seen; nobody makes him a host by leaving.
    const other = await bob.newPage();
    const token = jwt({ room: 'planned', name: 'Bob', role: 'guest', publish: ['mic', 'chat'], see: ['audio', 'camera'] });
    await other.goto(`${server.url}/r/planned?lang=en&join=1&cam=1&mic=1#token=${token}`);
    await other.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
    await seesVideo(other, 'Ann Example');
    await until('his camera is off', async () => (await control(other, 'Camera').getAttribute('aria-pressed')) === 'false');
    const { json } = await api('GET', '/rooms/planned/participants');
    assert.deepEqual(json.participants.map(({ name, identity, host, media }) => [name, identity, host, media.mic, media.camera]), [
      ['Ann Example', 'user-1', true, true, true], ['Bob', null, false, true, false],
    ]);
    assert.equal((await api('GET', '/rooms/planned')).json.topology, 'routed', 'only the server can enforce it');

    // What the application does is seen in the page.
    const [annId, bobId] = json.participants.map(({ id }) => id);
    assert.equal((await api('POST', `/rooms/planned/participants/${annId}/mute`, { source: 'microphone' })).status, 204);
    await page.getByText('The organizer has muted your microphone').waitFor();
    assert.equal((await api('DELETE', `/rooms/planned/participants/${bobId}`)).status, 204);
    await other.getByText('You were removed from this meeting').waitFor();
    assert.equal((await api('DELETE', '/rooms/planned')).status, 204);
    await page.getByText('The meeting is over').waitFor();
    assert.equal((await api('GET', '/rooms/planned')).status, 404);
    await ann.close();
    await bob.close();
  });

  it('keep from people what they may not see, whatever their pages ask for', async () => {
    const [ann, bob, eve] = await people(browser, 3);
    const open = async (context, name, more) => {
      const page = await context.newPage();
      await page.goto(`${server.url}/r/blind?lang=en&join=1&cam=1&mic=1#token=${jwt({ room: 'blind', name, ...more })}`);
      await page.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
      return page;
    };
    const [a, b] = [await open(ann, 'Ann', { role: 'host' }), await open(bob, 'Bob')];
    const page = await open(eve, 'Eve', { see: ['camera'] });
    await seesVideo(page, 'Ann');
    await seesVideo(a, 'Eve');
    await seesVideo(b, 'Ann');
    const bytes = (tab, kind) => tab.evaluate(async (wanted) => {
      const stats = await Promise.all(window.testPeers.filter(({ connectionState }) => connectionState === 'connected')
        .map((peer) => peer.getStats()));
      return stats.flatMap((report) => [...report.values()])
        .filter(({ type, kind }) => type === 'inbound-rtp' && kind === wanted)
        .reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);
    }, kind);
    await until('Bob hears the others', async () => (await bytes(b, 'audio')) > 5_000);
    assert.ok((await bytes(page, 'video')) > 5_000, 'Eve sees');
    assert.ok((await bytes(page, 'audio')) < 500, `Eve hears nothing: ${await bytes(page, 'audio')}`);
    for (const context of [ann, bob, eve]) await context.close();
  });

  it('are refused with bad tokens, in words', async () => {
    const refused = async (token, room = 'r1') => {
      const { socket, error } = await enter(room, { token });
      socket.disconnect();
      return `${error?.code}: ${error?.message}`;
    };
    assert.match(await refused(jwt({ room: 'r1', exp: seconds() - 100 })), /^bad-token: .*expired 1\d\d seconds ago/);
    assert.match(await refused(jwt({ room: 'r1', nbf: seconds() + 100 })), /^bad-token: .*clocks/);
    assert.match(await refused(jwt({ room: 'other' })), /^bad-token: .*another room/);
    assert.match(await refused(jwt({ room: 'r1' }, { alg: 'HS256', kid: 'app' }, 'x'.repeat(40))), /^bad-token: .*signature/);
    assert.match(await refused(jwt({ room: 'r1' }, { alg: 'HS256', kid: 'who' })), /^bad-token: .*"who"/);
    assert.match(await refused(jwt({ room: 'r1' }, { alg: 'none', kid: 'app' })), /^bad-token/);
    assert.match(await refused(jwt({ room: 'r1', role: 'operator' })), /^bad-token: .*API/);
    assert.match(await refused(jwt({ room: 'r1', role: 'king' })), /^bad-token: .*king/);
    assert.match(await refused('x'.repeat(20_000)), /^bad-token/);
    assert.match(await refused(undefined, 'never-opened'), /^room-not-open/);
    // An hour ahead of us and within a minute: fine. EdDSA: fine. A host's token opens rooms.
    const fine = [jwt({ room: '*', role: 'host', nbf: seconds() + 50 }), jwt({ room: 'r2', role: 'host' }, { alg: 'EdDSA', kid: 'ed' }, pair.privateKey)];
    for (const token of fine) {
      const { ok, socket } = await enter('r2', { token });
      assert.ok(ok.participant.host);
      socket.disconnect();
    }

    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    await page.goto(`${server.url}/r/r1?lang=en&join=1&cam=0&mic=0#token=${jwt({ room: 'r1', exp: seconds() - 100 })}`);
    await page.getByText('This invitation is no longer valid').waitFor();
    await page.goto('about:blank');
    await page.goto(`${server.url}/r/r1?lang=zh-CN&join=1&cam=0&mic=0#token=${jwt({ room: 'r1', exp: seconds() - 100 })}`);
    await page.getByText('邀请链接无效').waitFor();
    await page.context().close();
  });

  it('let nobody in without a token where the operator wants it so, but whoever is inside', async () => {
    const closed = await Server.start(['--access', 'token', '--token-secret', `app:${SECRET}`]);
    try {
      const { error } = await enter('x', {}, closed);
      assert.equal(error.code, 'token-required');
      const short = jwt({ room: 'x', exp: seconds() - 58 });
      const { ok, socket } = await enter('x', { token: short }, closed);
      assert.ok(ok.participant.host, 'who says nothing of the role comes as anybody does');
      socket.io.engine.close();
      await new Promise((resolve) => setTimeout(resolve, 3_500)); // by then it has expired
      const back = await enter('x', { token: short, resume: { token: ok.resumeToken } }, closed);
      assert.equal(back.ok?.outcome, 'resumed', JSON.stringify(back.error));
      back.socket.disconnect();
      // What the operator makes on the machine itself.
      const made = (...args) => execFileSync(binary, ['token', 'create', '--data-dir', closed.dataDir, ...args], { encoding: 'utf8' }).trim();
      const link = new URL(made('--room', 'x', '--name', 'Cyd', '--role', 'host', '--url', closed.url, '--expires', '5m'));
      assert.equal(link.pathname, '/r/x');
      const cyd = await enter('x', { token: new URLSearchParams(link.hash.slice(1)).get('token') }, closed);
      assert.deepEqual([cyd.ok.participant.name, cyd.ok.participant.host], ['Cyd', true]);
      cyd.socket.disconnect();
      const operator = { authorization: `Bearer ${made('--role', 'operator')}` };
      assert.equal((await closed.get('/api/v1/rooms', operator)).status, 200);
      assert.equal((await closed.get('/api/v1/rooms', { authorization: `Bearer ${jwt({ room: 'x' })}` })).status, 401);
      const whip = await closed.get('/whip/x?name=Cam', { 'content-type': 'application/sdp' }, 'POST', 'v=0\r\n');
      assert.ok([401, 422].includes(whip.status), String(whip.status));
      assert.throws(() => made('--room', 'x', '--publish', 'everything'), /--publish/);
    } finally {
      await closed.stop();
    }
  });

  it('open rooms that stay open while empty, list them, and change them', async () => {
    const created = await api('POST', '/rooms', { name: 'Sprint Review', settings: { password: 'pw', waiting: true }, emptySeconds: 600, capacity: 5 });
    assert.equal(created.status, 201, created.body);
    assert.equal(created.headers.location, '/api/v1/rooms/sprint-review');
    assert.equal((await api('POST', '/rooms', { name: 'sprint-review' })).status, 409);
    assert.equal((await enter('sprint-review', {})).error.code, 'password-required');
    const change = await api('PATCH', '/rooms/sprint-review', { password: null, waiting: false, allowed: { mic: true, camera: true, screen: false, chat: true, files: true } });
    assert.deepEqual([change.json.settings.password, change.json.settings.allowed.screen], [false, false]);
    const { ok, socket } = await enter('sprint-review', {});
    assert.equal(ok.settings.allowed.screen, false);
    assert.equal((await api('GET', '/rooms/sprint-review')).json.participants, 1);
    socket.disconnect();

    const random = (await api('POST', '/rooms', {})).json;
    assert.match(random.name, /^[a-z]{4}-[a-z]{4}-[a-z]{4}$/);
    for (let n = 0; n < 7; n += 1) await api('POST', '/rooms', { name: `page-${n}`, emptySeconds: 1 + 600 });
    const first = (await api('GET', '/rooms?limit=3&after=page')).json;
    assert.deepEqual(first.rooms.map(({ name }) => name), ['page-0', 'page-1', 'page-2']);
    const second = (await api('GET', `/rooms?limit=100&after=${first.next}`)).json;
    assert.equal(second.rooms[0].name, 'page-3');
    assert.equal(second.next, null);
  });

  it('are refused with what cannot be, in words', async () => {
    const refused = async (...request) => {
      const { status, json, headers } = await api(...request);
      assert.equal(headers['content-type'], 'application/problem+json');
      assert.equal(json.status, status);
      return `${status} ${json.detail}`;
    };
    assert.match(await refused('GET', '/rooms', undefined, ''), /^401 .*Authorization: Bearer/);
    assert.match(await refused('GET', '/rooms', undefined, 'Bearer wrong'), /^401 .*--api-key/);
    assert.match(await refused('GET', '/rooms', undefined, `Bearer ${jwt({ exp: seconds() - 100, role: 'operator' })}`), /^401 .*expired/);
    assert.match(await refused('POST', '/rooms', { name: 'a', colour: 'red' }), /^422 .*unknown field `colour`/);
    assert.match(await refused('POST', '/rooms', { name: 'a/b' }), /^422 room name/);
    assert.match(await refused('POST', '/rooms', { name: 'a', emptySeconds: 0 }), /^422 emptySeconds/);
    assert.match(await refused('POST', '/rooms', { name: 'x'.repeat(20_000) }), /^413/);
    assert.match(await refused('GET', '/rooms?limit=0'), /^400 limit/);
    assert.match(await refused('GET', '/rooms/nobody-there'), /^404 no room/);
    assert.match(await refused('PUT', '/rooms'), /^405/);
    assert.match(await refused('POST', '/tokens', { role: 'guest' }), /^422 .*"room"/);
    assert.match(await refused('POST', '/tokens', { room: 'r', seconds: 1e9 }), /^422 seconds/);
    // Guessing has an end.
    const guesses = [];
    for (let n = 0; n < 15; n += 1) guesses.push((await api('GET', '/rooms', undefined, 'Bearer guess')).status);
    assert.ok(guesses.includes(429) && guesses.every((status) => [401, 429].includes(status)), guesses.join(' '));
    assert.equal((await api('GET', '/rooms')).status, 200, 'the right key works all the same');
  });

  it('are told in order what happens, again until they take it, and that it is genuine', async () => {
    receiver.answers.push(...Array(2).fill(503), 302);
    const { socket } = await enter('told', { token: jwt({ room: 'told', sub: 'u7', name: 'Una', role: 'host' }) });
    await until('the meeting has begun', () => receiver.types('told').includes('participant.joined'), 40_000);
    await socket.timeout(5_000).emitWithAck('leave', {});
    socket.disconnect();
    await until('it is over', () => receiver.types('told').includes('room.ended'));
    assert.deepEqual(receiver.types('told'), ['room.started', 'participant.joined', 'participant.left', 'room.ended']);
    const tries = receiver.got.filter(({ data, type }) => data.room === 'told' && type === 'room.started');
    assert.deepEqual(tries.map(({ status }) => status).slice(-1), [200]);
    assert.equal(new Set(tries.map(({ id }) => id)).size, 1, 'every attempt is the same event');
    const left = receiver.got.find(({ data, type }) => data.room === 'told' && type === 'participant.left').data;
    assert.deepEqual([left.participant.name, left.participant.identity, left.reason], ['Una', 'u7', 'left']);
    assert.ok(receiver.got.every(({ timestamp }) => Math.abs(Date.parse(timestamp) - Date.now()) < 120_000));
    assert.equal(await server.metric('kaigi_webhooks_total', { outcome: 'failed' }), 0);
  });

  it('go on with meetings when a receiver is gone', async () => {
    const nobody = await Server.start(['--webhook', `http://127.0.0.1:${await freePort()}/`, '--webhook-secret', 's', '--webhook', receiver.url.replace('http:', 'https:')]);
    try {
      const { ok, socket } = await enter('x', {}, nobody);
      assert.ok(ok);
      await until('it is tried again', () => nobody.output.includes('a webhook is tried again'));
      socket.disconnect();
    } finally {
      await nobody.stop();
    }
  });

  it('find a description that the API keeps to', async (t) => {
    const schemathesis = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kaigi-test/schemathesis/bin/st');
    if (!existsSync(schemathesis)) return t.skip('schemathesis is not installed; `make setup-test` does it');
    const plain = await Server.start(['--tls', 'off', '--api-key', KEY]);
    try {
      const args = [
        '--config-file', new URL('../schemathesis.toml', import.meta.url).pathname, 'run', `${plain.url}/api/v1/openapi.json`, '-H', `Authorization: Bearer ${KEY}`, '--max-examples', process.env.SLOW ? '200' : '8',
        '--phases', 'examples,coverage,fuzzing', '--seed', '1', '--no-color', '--generation-database', 'none', '--warnings', 'off',
      ];
      const { stdout } = await promisify(execFile)(schemathesis, args, { cwd: folder, maxBuffer: 1 << 26 })
        .catch((error) => assert.fail(`${error.stdout}\n${error.stderr}`));
      t.diagnostic(stdout.trim().split('\n').slice(-12).join(' | '));
      const docs = await browser.newPage();
      await docs.goto(`${plain.url}/api/v1/docs/`);
      await docs.getByText('Opens a room in which nobody is yet').first().waitFor();
      await docs.close();
    } finally {
      await plain.stop();
    }
  });
});
