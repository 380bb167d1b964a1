// A meeting in a frame of a page that lies elsewhere: what it says to that page, whom it obeys, and who may frame it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { join, launch, people, seesVideo, tile } from '../lib/browser.mjs';
import { freePort, request, Server, until } from '../lib/server.mjs';

const page = readFileSync(fileURLToPath(new URL('../../examples/embed.html', import.meta.url)));
const EVENTS = ['ready', 'joined', 'left', 'participants', 'mic', 'camera', 'screen', 'chat', 'speaking', 'hand', 'error'];

describe('an embedded meeting', () => {
  let server, browser, site, portal, stranger;
  before(async () => {
    // Names below .localhost are other sites than localhost to a browser, and lead to this machine all the same.
    site = http.createServer((_, response) => response.setHeader('content-type', 'text/html').end(page));
    site.listen(await freePort(), '127.0.0.1');
    await once(site, 'listening');
    const { port } = site.address();
    [portal, stranger] = [`http://portal.localhost:${port}`, `http://stranger.localhost:${port}`];
    server = await Server.start(['--allow-origin', portal]);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    site?.close();
    await server?.stop();
  });

  /** Opens the example page and keeps what the meeting tells it. */
  async function embed(context, room, name, origin = portal) {
    const outer = await context.newPage();
    await outer.goto(`${origin}/?server=${server.url}&room=${room}&name=${name}`);
    await outer.waitForFunction(() => window.meeting?.on); // until then it is the element of that id
    await outer.evaluate((events) => {
      window.told = [];
      for (const event of events) window.meeting.on(event, (data) => window.told.push({ event, data }));
    }, EVENTS);
    const inner = outer.frameLocator('#meeting iframe');
    await inner.getByRole('toolbar', { name: 'Meeting controls' }).waitFor({ timeout: 30_000 });
    return { outer, inner };
  }
  const told = (outer, event, fits = () => true) =>
    until(`the page is told ${event}`, async () =>
      (await outer.evaluate(() => window.told)).find((one) => one.event === event && fits(one.data))?.data);
  const command = (outer, name, ...given) =>
    outer.evaluate(([name, given]) => window.meeting[name](...given).then(
      (result) => (result === undefined ? { ok: true } : { ok: true, result }),
      ({ code, message }) => ({ ok: false, code, message }),
    ), [name, given]);

  it('is steered by the page around it, and tells it what goes on', async () => {
    const [here, there] = await people(browser, 2);
    const { outer, inner } = await embed(here, 'embedded', 'Ann');
    const bob = await join(there, server, 'embedded', 'Bob');
    await seesVideo(inner, 'Bob', 30_000);
    await seesVideo(bob, 'Ann', 30_000);
    const two = await told(outer, 'participants', ({ count }) => count === 2);
    assert.deepEqual(two.participants.map(({ name, own }) => [name, own]), [['Ann', true], ['Bob', false]]);

    assert.deepEqual(await command(outer, 'setMic', false), { ok: true });
    await told(outer, 'mic', ({ on }) => !on);
    assert.deepEqual(await command(outer, 'setCamera', false), { ok: true });
    assert.equal(await inner.getByRole('button', { name: 'Camera', exact: true }).getAttribute('aria-pressed'), 'false');
    assert.deepEqual(await command(outer, 'setLayout', 'speaker'), { ok: true });
    await until('Bob is large', async () => (await tile(inner, 'Bob').getAttribute('data-role')) === 'main');
    assert.deepEqual(await command(outer, 'raiseHand', true), { ok: true });
    await told(outer, 'hand', ({ raised }) => raised);

    assert.deepEqual(await command(outer, 'sendChat', 'from the page around'), { ok: true });
    await bob.getByRole('button', { name: 'Chat', exact: true }).click();
    await bob.getByText('from the page around').waitFor();
    await bob.getByRole('textbox', { name: 'Message' }).fill('to the frame');
    await bob.getByRole('button', { name: 'Send', exact: true }).click();
    const { messages: [message] } = await told(outer, 'chat', ({ messages }) => messages[0].name === 'Bob');
    assert.deepEqual([message.text, message.own, message.direct], ['to the frame', false, false]);

    const bad = await command(outer, 'setLayout', 'spiral');
    assert.equal(bad.code, 'bad-command');
    assert.match(bad.message, /"grid" or "speaker"/);
    const { result } = await command(outer, 'getState');
    assert.deepEqual(
      [result.phase, result.mic, result.camera, result.layout, result.hand, result.participants.length],
      ['meeting', false, false, 'speaker', true, 2],
    );

    // What leads out of the frame is not there.
    assert.equal(await inner.getByRole('heading', { name: 'embedded' }).count(), 0);
    assert.deepEqual(await command(outer, 'leave'), { ok: true });
    assert.deepEqual(await told(outer, 'left'), { reason: 'left' });
    await inner.getByRole('heading', { name: 'You left the meeting' }).waitFor();
    assert.equal(await inner.getByRole('link').count(), 0);
    assert.equal((await command(outer, 'sendChat', 'too late')).code, 'not-joined');
    await bob.getByRole('group', { name: 'Ann', exact: true }).waitFor({ state: 'detached' });
    for (const context of [here, there]) await context.close();
  });

  it('shares a screen on a click in the page around, which browsers want', async () => {
    const [context] = await people(browser, 1);
    const { outer, inner } = await embed(context, 'screens', 'Ann');
    await outer.getByRole('button', { name: 'Screen' }).click();
    await told(outer, 'screen', ({ on }) => on);
    assert.equal(await inner.getByRole('button', { name: 'Share screen' }).getAttribute('aria-pressed'), 'true');
    assert.deepEqual(await command(outer, 'toggleScreen', false), { ok: true });
    await told(outer, 'screen', ({ on }) => !on);
    await context.close();
  });

  it('tells a hand-written page what is wrong, and what other windows say is nothing to it', async () => {
    const [context] = await people(browser, 1);
    const { outer, inner } = await embed(context, 'forged', 'Ann');
    assert.equal((await command(outer, 'getState')).result.mic, true);
    // A frame beside it with the same origin as the page, one of another origin, and a window that was opened: each can
    // reach the meeting's window, none is the page around it.
    await outer.evaluate(async (stranger) => {
      const forge = `(window.opener ?? parent).document.querySelector('iframe').contentWindow.postMessage(
        { kaigi: 1, type: 'set-mic', id: 'forged', data: { on: false } }, '*')`;
      const beside = document.createElement('iframe');
      document.body.append(beside);
      beside.contentWindow.eval(forge);
      const elsewhere = document.createElement('iframe');
      elsewhere.src = `${stranger}/nothing?server=${stranger}`;
      document.body.append(elsewhere);
    }, stranger);
    const other = await until('the other frame is there', () =>
      outer.frames().find((frame) => frame.url().startsWith(stranger)));
    await other.evaluate(() => {
      // A window of another origin can still count frames.
      for (let index = 0; index < parent.length; index += 1)
        parent[index].postMessage({ kaigi: 1, type: 'set-mic', id: 'forged', data: { on: false } }, '*');
    });
    // Messages arrive in order of posting per sender only; a whole round trip later both have been looked at.
    for (let round = 0; round < 3; round += 1) assert.equal((await command(outer, 'getState')).result.mic, true);

    const wild = await outer.evaluate(() => new Promise((resolve) => {
      const answers = [];
      addEventListener('message', ({ data }) => {
        if (!String(data.id).startsWith('wild')) return;
        if (answers.push(data) === 60) resolve(answers);
      });
      const { frame } = window.meeting;
      for (let index = 0; index < 60; index += 1)
        frame.contentWindow.postMessage({ kaigi: 1, type: 'set-layout', id: `wild${index}`, data: {} }, new URL(frame.src).origin);
    }));
    assert.ok(wild.some(({ data }) => data.error.code === 'bad-command'));
    assert.ok(wild.some(({ data }) => data.error.code === 'rate-limited'));
    assert.ok(await inner.getByRole('toolbar', { name: 'Meeting controls' }).isVisible());
    await context.close();
  });

  it('cannot be framed from an origin that is not allowed', async () => {
    const csp = async (path) => (await request(`${server.url}${path}`)).headers['content-security-policy'];
    assert.match(await csp('/r/any?embed=1'), new RegExp(`frame-ancestors 'self' ${portal}$`));
    const [context] = await people(browser, 1);
    const outer = await context.newPage();
    const refusals = [];
    outer.on('console', (message) => refusals.push(message.text()));
    // The stranger may not even load the helper, so it makes its frame by hand.
    await outer.goto(`${stranger}/?server=${stranger}`);
    await outer.evaluate((url) => {
      window.heard = 0;
      addEventListener('message', ({ data }) => (window.heard += data?.kaigi === 1 ? 1 : 0));
      const frame = document.createElement('iframe');
      frame.allow = 'camera; microphone';
      frame.src = `${url}/r/stolen?embed=1&join=1&name=Eve`;
      document.body.append(frame);
    }, server.url);
    await until('the browser refuses', () => refusals.some((text) => /frame-ancestors/.test(text)));
    assert.equal(await outer.evaluate(() => window.heard), 0);
    await context.close();
  });
});
