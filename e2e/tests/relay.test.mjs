// The plain relay on namespace `/`, by the official clients of two Socket.IO generations and by a page.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { io as io4 } from 'socket.io-client';
import io2 from 'socket.io-client-2';
import { launch, people } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

describe('the plain relay', () => {
  let server;
  before(async () => {
    server = await Server.start(['--site-dir', fileURLToPath(new URL('../pages', import.meta.url))]);
  });
  after(() => server?.stop());

  /** A client that writes down every event it gets. */
  function client(connect, transports) {
    const socket = connect(server.url, { transports, forceNew: true, reconnection: false, rejectUnauthorized: false });
    socket.events = [];
    for (const event of ['created', 'join', 'joined', 'ready', 'full', 'message', 'bye', 'ipaddr', 'log']) {
      socket.on(event, (...args) => socket.events.push([event, ...args]));
    }
    socket.heard = (event) => until(`${event}; heard ${JSON.stringify(socket.events)}`, () =>
      socket.events.find(([name]) => name === event));
    return socket;
  }

  const generations = { '4.x': io4, '2.x': io2 };
  const ways = { 'WebSocket': ['websocket'], 'polling': ['polling'], 'upgrading': ['polling', 'websocket'] };
  let number = 0;
  for (const [first, connectFirst] of Object.entries(generations)) {
    for (const [second, connectSecond] of Object.entries(generations)) {
      for (const [way, transports] of Object.entries(ways)) {
        it(`serves Socket.IO ${first} and ${second} over ${way}`, async () => {
          const room = `room-${(number += 1)}`;
          const a = client(connectFirst, transports);
          a.emit('create or join', room);
          const [, name, id] = await a.heard('created');
          assert.equal(name, room);
          assert.equal(id, a.id);

          const b = client(connectSecond, transports);
          b.emit('create or join', room);
          assert.deepEqual(await b.heard('joined'), ['joined', room, b.id]);
          assert.deepEqual(await a.heard('join'), ['join', room]);
          await Promise.all([a.heard('ready'), b.heard('ready')]);
          assert.ok(!b.events.some(([event]) => event === 'join'), 'join is for those already in the room');
          assert.deepEqual(a.events.map(([event]) => event), ['created', 'join', 'ready']);

          const offer = { type: 'offer', sdp: 'v=0\r\n'.repeat(2_000), list: [1, [2]] };
          b.emit('message', offer);
          assert.deepEqual(await a.heard('message'), ['message', offer]);
          a.emit('message', 'got user media');
          assert.deepEqual(await b.heard('message'), ['message', 'got user media']);
          assert.ok(!b.events.some(([event, content]) => event === 'message' && content.sdp), 'no echo');

          const c = client(connectSecond, transports);
          c.emit('create or join', room);
          assert.deepEqual(await c.heard('full'), ['full', room]);
          c.emit('message', 'let me in');
          c.emit('create or join', `${room}-other`);
          await c.heard('created');
          assert.ok(!a.events.some(([, content]) => content === 'let me in'), 'messages stay inside the room');

          a.emit('ipaddr');
          await until('an address or none', () => a.events.some(([event]) => event === 'ipaddr') || true);
          a.emit('bye', room);
          assert.deepEqual(await b.heard('bye'), ['bye', room]);
          for (const socket of [a, b, c]) socket.disconnect();
        });
      }
    }
  }

  it('tells who stays when a client vanishes', async () => {
    const [a, b] = [client(io4, ['websocket']), client(io2, ['websocket'])];
    a.emit('create or join', 'vanish');
    await a.heard('created');
    b.emit('create or join', 'vanish');
    await b.heard('joined');
    a.disconnect();
    assert.deepEqual(await b.heard('bye'), ['bye', 'vanish']);
    b.disconnect();
  });

  it('answers nonsense in words, with an acknowledgement where one was asked for', async () => {
    const socket = client(io4, ['websocket']);
    for (const [event, argument] of [['create or join', { a: 1 }], ['create or join', 'x'.repeat(257)], ['dance', 1],
      ['create or join', '']]) {
      const answer = await socket.emitWithAck(event, argument);
      assert.ok(answer.error.message.length > 10, JSON.stringify(answer));
    }
    await socket.heard('log');
    const burst = await Promise.all(Array.from({ length: 400 }, () => socket.emitWithAck('message', 'x')));
    assert.ok(burst.some((answer) => /more than 40 requests/.test(answer.error?.message)));
    assert.ok(socket.connected);
    socket.disconnect();
  });

  it('lets a page written for the demo server call another', async () => {
    const browser = await launch();
    const [ann, bob] = await people(browser, 2);
    const pages = [];
    for (const context of [ann, bob]) {
      const page = await context.newPage();
      await page.goto(`${server.url}/site/demo.html#codelab`);
      await until('the page is in the room', () => page.evaluate(() => window.events.length > 0));
      pages.push(page);
    }
    for (const page of pages) {
      await until('the remote video moves', () => page.evaluate(() => {
        const video = document.getElementById('remote');
        return video.videoWidth > 0 && video.currentTime > 0.5;
      }));
    }
    const received = await Promise.all(pages.map((page) => page.locator('#received').textContent()));
    assert.deepEqual(received, ['hello from the second', 'hello from the first']);
    assert.deepEqual(await pages[0].evaluate(() => window.events),
      [['created', 'codelab', 'string'], ['join', 'codelab'], ['ready', 'codelab']]);
    assert.deepEqual(await pages[1].evaluate(() => window.events),
      [['joined', 'codelab', 'string'], ['ready', 'codelab']]);
    await browser.close();
  });
});
