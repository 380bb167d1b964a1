// The server is replaced while people join and while they talk: no connection is refused, no join fails, and calls go on.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { io } from 'socket.io-client';
import { join, launch, people, seesVideo, tile } from '../lib/browser.mjs';
import { longestPause, smallCamera, watchFrames } from '../lib/camera.mjs';
import { guest } from '../lib/guests.mjs';
import { Server, until } from '../lib/server.mjs';

const EVERY_MS = 20;
const PATIENCE_MS = 60_000;
/** The camera's frames come every 100 ms; a page of three on a busy machine shows some of them late. */
const DIRECT_PAUSE_MS = 1_000;
const ROUTED_PAUSE_MS = 8_000;

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
const media = { mic: false, camera: false, screen: false, screenAudio: false };

/** Somebody new every 20 ms, every other one as Socket.IO's client does it by default: by polling first. */
class Stream {
  joined = 0;
  errors = [];
  #stopped = false;
  #all = [];

  constructor(server) {
    this.#run(server);
  }

  async #run(server) {
    for (let number = 0; !this.#stopped; number += 1) {
      this.#all.push(this.#come(server, number));
      await pause(EVERY_MS);
    }
  }

  async #come(server, number) {
    const transports = number % 2 ? ['websocket'] : ['polling', 'websocket'];
    const socket = io(`${server.url}/meet`, { transports, forceNew: true, rejectUnauthorized: false });
    socket.on('connect_error', (error) => this.errors.push(`${error.message} ${error.description?.message ?? error.description ?? ''}`));
    try {
      const name = `Guest ${number}`;
      const room = `stream-${number % 10}`;
      const { ok, error } = await socket.timeout(10_000).emitWithAck('join', { version: { major: 1, minor: 1 }, room, name, media });
      if (ok) this.joined += 1;
      else this.errors.push(`${name}: ${error.code}`);
    } catch (error) {
      this.errors.push(`Guest ${number} does not get in: ${error.message}`);
    } finally {
      socket.disconnect();
    }
  }

  async end() {
    this.#stopped = true;
    await Promise.all(this.#all);
  }
}

describe('an upgrade', { timeout: 150_000 }, () => {
  let server, browser;
  before(async () => {
    server = await Server.start(['--drain-timeout', '5']);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  async function call(room, names, look) {
    const contexts = await people(browser, names.length, { viewport: { width: 640, height: 480 } });
    for (const context of contexts) await smallCamera(context);
    const pages = [];
    for (const [index, name] of names.entries()) pages.push(await join(contexts[index], server, room, name));
    const [first, second] = pages;
    await Promise.all(pages.map((page, index) => seesVideo(page, names[(index + 1) % names.length], PATIENCE_MS)));
    for (const page of pages) {
      await until(`the call is ${look}`, async () =>
        (await page.getByRole('status', { name: 'Connection' }).textContent()).includes(look), PATIENCE_MS);
      await until('there is one connection', () => page.evaluate(() =>
        window.testPeers.filter(({ connectionState }) => connectionState === 'connected').length === 1), PATIENCE_MS);
    }
    await watchFrames(first, names[1]);
    await watchFrames(second, names[0]);
    const seen = (page) => page.evaluate(() => window.seen.length);
    const moves = async () => {
      for (const page of [first, second]) {
        const before = await seen(page);
        await until('the picture moves', async () => (await seen(page)) > before + 10, PATIENCE_MS);
      }
    };
    await moves();
    return {
      pages,
      moves,
      pauses: () => Promise.all([first, second].map(async (page) => longestPause(await page.evaluate(() => window.seen)).pause)),
      close: () => Promise.all(contexts.map((context) => context.close())),
    };
  }

  it('refuses no connection and fails no join, and a direct call does not notice', async () => {
    const { pages, moves, pauses, close } = await call('direct', ['Ann', 'Bob'], 'Direct');
    const peers = await Promise.all(pages.map((page) => page.evaluate(() => window.testPeers.length)));
    const stream = new Stream(server);
    await until('many have joined', () => stream.joined > 50);
    const before = server.process.pid;
    const { ended } = await server.upgrade();
    assert.notEqual(server.process.pid, before);
    const then = stream.joined;
    await until('many more have joined', () => stream.joined > then + 100);
    assert.equal(await ended, 0, 'the server before ends by itself, with success');
    await stream.end();
    await moves();
    // A session of long polling does not go over to the next server: its client connects again by itself.
    const [passing, others] = [stream.errors.filter((error) => /xhr po/.test(error)), stream.errors.filter((error) => !/xhr po/.test(error))];
    console.log(`${stream.joined} joined; ${passing.length} of them connected again`);
    assert.deepEqual(others, []);
    assert.ok(!passing.some((error) => /ECONNREFUSED/.test(error)), `${passing}`);
    const [ann, bob] = await pauses();
    console.log(`a direct call's pictures paused for ${ann.toFixed(0)} and ${bob.toFixed(0)} ms at most`);
    assert.ok(Math.max(ann, bob) < DIRECT_PAUSE_MS);
    for (const [index, page] of pages.entries()) {
      assert.equal(await page.evaluate(() => window.testPeers.length), peers[index], 'the peer connection was never replaced');
      await tile(page, ['Bob', 'Ann'][index]).getByText('Reconnecting…').waitFor({ state: 'detached' });
    }
    const cyd = await guest(server, 'direct', 'Cyd');
    assert.deepEqual(cyd.joined.participants.map(({ name, connected }) => [name, connected]).sort(), [['Ann', true], ['Bob', true]]);
    cyd.leave();
    await close();
  });

  it('has a routed call back within seconds', async () => {
    const { moves, pauses, pages, close } = await call('routed', ['Ann', 'Bob', 'Cyd'], 'Server');
    const { ended } = await server.upgrade();
    await until('all three are back', async () => (await server.metric('kaigi_sfu_sessions')) === 3, PATIENCE_MS);
    await moves();
    const [ann, bob] = await pauses();
    console.log(`a routed call's pictures paused for ${ann.toFixed(0)} and ${bob.toFixed(0)} ms`);
    assert.ok(Math.max(ann, bob) < ROUTED_PAUSE_MS);
    assert.equal(await ended, 0);
    for (const page of pages) {
      assert.equal(await page.getByRole('group', { name: /^(Ann|Bob|Cyd)/ }).count(), 3, 'nobody is there twice, and nobody is missing');
    }
    await close();
  });

  it('that fails leaves the server as it was', async () => {
    const running = server.process;
    const ann = await guest(server, 'stays', 'Ann');
    const { args } = server;
    server.args = [...args, '--tls-cert', '/nowhere', '--tls-key', '/nowhere'];
    await assert.rejects(server.upgrade(), /the next server exited/);
    [server.process, server.args] = [running, args];
    assert.equal((await server.get('/readyz')).status, 200);
    assert.deepEqual((await ann.ask('chat', { text: 'still here' })).error, undefined);
    ann.leave();
  });
});

describe('a stop', { timeout: 60_000 }, () => {
  it('of a server that carries media opens no rooms, lets people into open ones, and comes when the time is over', async (test) => {
    const server = await Server.start(['--drain-timeout', '3']);
    const browser = await launch();
    test.after(async () => {
      await browser.close();
      await server.stop();
    });
    const [context] = await people(browser, 1);
    const page = await join(context, server, 'open', 'Ann');
    const [bob] = await Promise.all([guest(server, 'open', 'Bob'), guest(server, 'open', 'Cyd')]);
    let closing;
    bob.socket.on('server-closing', () => { closing = Date.now(); });
    await until('media goes through the server', async () => (await server.metric('kaigi_sfu_sessions')) === 1, PATIENCE_MS);
    const told = Date.now();
    server.process.kill('SIGTERM');
    await until('it is not ready any more', async () => (await server.get('/readyz')).status === 503);
    assert.equal((await server.get('/healthz')).status, 200);
    await assert.rejects(guest(server, 'another', 'Dan'), /shutting-down.*opens no new rooms/);
    const eve = await guest(server, 'open', 'Eve');
    assert.equal(eve.joined.participants.length, 3);
    const [code] = await server.exited;
    assert.equal(code, 0);
    const waited = closing - told;
    assert.ok(waited >= 2_900 && waited < 6_000, `clients are told after ${waited} ms`);
    await page.close();
  });
});
