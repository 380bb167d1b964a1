// The SDK as a developer uses it: the example page, and data messages from a page of one's own.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, people } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

const examples = fileURLToPath(new URL('../../web/sdk/examples', import.meta.url));

describe('the SDK', () => {
  let server, browser;
  before(async () => {
    server = await Server.start(['--site-dir', examples]);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('holds a call with an example page of under 60 lines', async () => {
    const lines = readFileSync(`${examples}/minimal.html`, 'utf8').trimEnd().split('\n').length;
    assert.ok(lines < 60, `${lines} lines`);
    const pages = [];
    for (const [index, context] of (await people(browser, 2)).entries()) {
      const page = await context.newPage();
      await page.goto(`${server.url}/site/minimal.html`);
      await page.getByRole('textbox', { name: 'Room name' }).fill('example');
      await page.getByRole('textbox', { name: 'Your name' }).fill(['Ann', 'Bob'][index]);
      await page.getByRole('button', { name: 'Join' }).click();
      pages.push(page);
    }
    for (const [index, page] of pages.entries()) {
      await page.getByText(`${['Bob', 'Ann'][index]}: direct`).waitFor();
      await until('the other’s video plays', () => page.locator('#other').evaluate((video) =>
        video.videoWidth > 0 && video.currentTime > 0.5));
    }
    // Both turn up under the session cookie that the server gave their page.
    for (const page of pages) assert.equal((await page.context().cookies()).length, 1);
    for (const page of pages) await page.context().close();
  });

  it('carries data messages, ordered or not, reliable or not, to all or to one', async () => {
    const pages = [];
    for (const [index, context] of (await people(browser, 2)).entries()) {
      const page = await context.newPage();
      await page.goto(`${server.url}/site/minimal.html`);
      await page.evaluate(async (name) => {
        const { joinRoom } = await import('/sdk/kaigi-client.js');
        window.room = await joinRoom(location.origin, { room: 'data', name });
        window.got = [];
        window.room.on('data', ({ from, topic, payload }) => {
          window.got.push({ from, topic, bytes: payload.length, text: new TextDecoder().decode(payload.slice(0, 20)) });
        });
      }, ['Ann', 'Bob'][index]);
      pages.push(page);
    }
    const [ann, bob] = pages;
    for (const page of pages) {
      await until('the path is direct', () => page.evaluate(() => window.room.participants[0]?.path === 'direct'));
    }
    await ann.evaluate(() => {
      const { room } = window;
      room.sendData('reliable', { topic: 'a' });
      room.sendData(new Uint8Array(60_000), { topic: 'b' });
      room.sendData('lossy', { topic: 'c', ordered: false, maxRetransmits: 0 });
      room.sendData('to one', { topic: 'd', to: [room.participants[0].id], ordered: false });
    });
    const got = await until('all four arrived', () => bob.evaluate(() => window.got.length === 4 && window.got));
    const annId = await ann.evaluate(() => window.room.id);
    assert.ok(got.every(({ from }) => from === annId));
    assert.deepEqual(got.map(({ topic }) => topic).sort(), ['a', 'b', 'c', 'd']);
    assert.equal(got.find(({ topic }) => topic === 'b').bytes, 60_000);
    assert.equal(got.find(({ topic }) => topic === 'd').text, 'to one');
    const refused = await ann.evaluate(() => {
      try {
        window.room.sendData(new Uint8Array(1_000_000));
      } catch (error) {
        return { code: error.code, message: error.message };
      }
      return null;
    });
    assert.equal(refused.code, 'too-large');
    for (const page of pages) await page.context().close();
  });
});
