// Garbage, slow clients and idle crowds change nothing for a running call.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import tls from 'node:tls';
import { io } from 'socket.io-client';
import { inbound, join, launch, people, receivesMedia, seesVideo } from '../lib/browser.mjs';
import { Server, request, until } from '../lib/server.mjs';

describe('a running call', () => {
  let server, browser, annPage, bobPage;
  before(async () => {
    server = await Server.start();
    browser = await launch();
    const [ann, bob] = await people(browser, 2);
    annPage = await join(ann, server, 'stable', 'Ann');
    bobPage = await join(bob, server, 'stable', 'Bob');
    await Promise.all([seesVideo(annPage, 'Bob'), seesVideo(bobPage, 'Ann')]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** Runs `work` and checks that meanwhile media flowed, signaling worked and nobody left. */
  async function undisturbed(work) {
    const before = await inbound(bobPage);
    await work();
    await Promise.all([receivesMedia(annPage), receivesMedia(bobPage)]);
    const now = await inbound(bobPage);
    assert.ok(now.framesDecoded > before.framesDecoded);
    assert.equal(await server.metric('kaigi_participants'), 2);
    assert.equal(await annPage.getByText(/connection to the server is lost/).count(), 0);
    const text = `after ${Math.random()}`;
    if (!(await annPage.getByRole('textbox', { name: 'Message' }).isVisible())) {
      for (const page of [annPage, bobPage]) await page.getByRole('button', { name: 'Chat', exact: true }).click();
    }
    await annPage.getByRole('textbox', { name: 'Message' }).fill(text);
    await annPage.getByRole('button', { name: 'Send' }).click();
    await bobPage.getByRole('log', { name: 'Chat messages' }).getByText(text).waitFor();
    assert.equal((await server.get('/healthz')).status, 200);
  }

  const raw = () => {
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    return socket;
  };
  const gone = (socket) => new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.on('close', resolve);
  });

  it('survives 10,000 bytes of garbage, plain and inside TLS', () => undisturbed(async () => {
    const sockets = [];
    for (let index = 0; index < 50; index += 1) {
      const socket = raw();
      socket.write(Buffer.from(Array.from({ length: 10_000 }, () => Math.floor(Math.random() * 256))));
      sockets.push(socket);
      const secure = tls.connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
      secure.on('error', () => {});
      secure.on('secureConnect', () => secure.write(Buffer.alloc(10_000, index)));
      secure.resume();
      sockets.push(secure);
    }
    await Promise.all(sockets.map(gone));
  }));

  it('survives 2,000 idle connections and half-open TLS, which end by themselves', () => undisturbed(async () => {
    const sockets = Array.from({ length: 2_000 }, (_, index) => {
      const socket = raw();
      // The beginning of a ClientHello, and then nothing.
      if (index % 2) socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01]));
      return socket;
    });
    await until('all are open', async () => (await server.metric('kaigi_tcp_connections')) >= 2_000, 10_000);
    await Promise.all([receivesMedia(annPage), receivesMedia(bobPage)]);
    await Promise.all(sockets.map(gone));
  }));

  it('survives headers that come a byte a second, which end at the deadline', () => undisturbed(async () => {
    const sockets = Array.from({ length: 50 }, () => {
      const socket = tls.connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
      socket.on('error', () => {});
      socket.on('secureConnect', () => socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: '));
      socket.resume();
      socket.timer = setInterval(() => socket.destroyed || socket.write('x'), 1_000);
      return socket;
    });
    const started = Date.now();
    await Promise.all(sockets.map(gone));
    for (const socket of sockets) clearInterval(socket.timer);
    assert.ok(Date.now() - started < 40_000);
  }));

  it('survives malformed Engine.IO and Socket.IO packets', () => undisturbed(async () => {
    for (const packet of ['', '9', '4', '4{', '42', '42[', '42["join"', '42/meet', '42/meet,', '42/meet,["join",{]',
      '451-/meet,["join",{"_placeholder":true,"num":0}]', '40/nowhere,', '40/meet,{', '43/meet,99999999999999999999[]',
      `42/meet,["${'x'.repeat(100_000)}"]`, '\u{1F600}', '42/meet,[1,2,3]', '42/meet,[]', '41/meet,']) {
      const opened = await server.get('/socket.io/?EIO=4&transport=polling');
      assert.equal(opened.status, 200);
      const { sid } = JSON.parse(opened.body.slice(1));
      const url = `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
      const type = { 'content-type': 'text/plain' };
      await server.get(url, type, 'POST', '40/meet,');
      await server.get(url, type, 'POST', packet).catch(() => {});
    }
    const large = await request(`${server.url}/socket.io/?EIO=4&transport=polling`, { method: 'POST', body: 'x'.repeat(1e6) })
      .catch((error) => ({ status: error.code }));
    assert.notEqual(large.status, 200);
  }));

  it('survives clients that do not read, without growing', () => undisturbed(async () => {
    const status = () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))[1]);
    const before = status();
    const senders = [];
    let refused = 0;
    for (let index = 0; index < 8; index += 1) {
      // Opens a session over polling, enters a room, and never asks for what was sent to it.
      const opened = await server.get('/socket.io/?EIO=4&transport=polling');
      const url = `/socket.io/?EIO=4&transport=polling&sid=${JSON.parse(opened.body.slice(1)).sid}`;
      const type = { 'content-type': 'text/plain' };
      await server.get(url, type, 'POST', '40');
      await server.get(url, type, 'POST', `42["create or join","deaf-${index}"]`);
      const sender = io(server.url, { transports: ['websocket'], forceNew: true, rejectUnauthorized: false });
      sender.on('log', (lines) => { refused += /bytes a second/.test(lines[1]) ? 1 : 0; });
      await sender.emitWithAck('create or join', `deaf-${index}`);
      senders.push(sender);
    }
    for (let round = 0; round < 40; round += 1) {
      for (const sender of senders) sender.emit('message', 'x'.repeat(150_000));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await until('the flood is refused in words', () => refused > 200);
    const grown = (status() - before) / 1024;
    console.log(`8 clients that do not read, 48 MB sent to them: the server grew by ${grown.toFixed(1)} MB`);
    assert.ok(grown < 40, `the server grew by ${grown} MB`);
    for (const sender of senders) sender.disconnect();
  }));

  it('answers malformed requests with coded errors and goes on', () => undisturbed(async () => {
    const socket = io(`${server.url}/meet`, { transports: ['websocket'], forceNew: true, rejectUnauthorized: false });
    const ask = (event, ...data) => socket.timeout(5_000).emitWithAck(event, ...data);
    const media = { mic: false, camera: false, screen: false, screenAudio: false };
    const wish = { version: { major: 1, minor: 0 }, room: 'other', name: 'Cat', media };
    for (const [event, data, code] of [
      ['dance', {}, 'unknown-request'],
      ['join', null, 'bad-request'],
      ['join', 'room', 'bad-request'],
      ['join', { ...wish, media: 7 }, 'bad-request'],
      ['join', { ...wish, name: 'x'.repeat(10_000) }, 'invalid-display-name'],
      ['join', { ...wish, name: 'a\u202Eb' }, 'invalid-display-name'],
      ['join', { ...wish, room: '../etc' }, 'invalid-room-name'],
      ['join', { ...wish, version: { major: 2, minor: 0 } }, 'version-mismatch'],
      ['chat', { text: 'hello' }, 'not-joined'],
      ['signal', { to: 'x', incarnation: 0, seq: 1, payload: { type: 'offer', sdp: 'x'.repeat(131_073) } }, 'too-large'],
      ['chat', { text: 'x'.repeat(8_193) }, 'too-large'],
      ['signal', { to: 'x', incarnation: -1, seq: 1, payload: { type: 'restart' } }, 'bad-request'],
    ]) {
      const answer = await ask(event, data);
      assert.equal(answer.error?.code, code, `${event}: ${JSON.stringify(answer).slice(0, 200)}`);
      assert.ok(answer.error.message.length > 10);
    }
    const refused = new Promise((resolve) => socket.once('request-error', resolve));
    socket.emit('media', 'nonsense');
    assert.equal((await refused).error.code, 'bad-request');
    assert.ok((await ask('join', wish)).ok);
    const burst = await Promise.all(Array.from({ length: 500 }, () => ask('media', media)));
    assert.ok(burst.some((answer) => answer.error?.code === 'rate-limited'));
    assert.ok(socket.connected, 'too many requests are refused, not punished');
    await until('requests are taken again', async () => (await ask('media', media)).ok);
    await until('leaving is one of them', async () => (await ask('leave', {})).ok);
    socket.disconnect();
  }));
});
