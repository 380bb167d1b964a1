// "See why": figures, path and descriptions of a call, a report of it all, and the choice of how one's picture is sent.
import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fakeMedia, join, launch, noErrors, people, quiet, seesVideo, tile } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

/** Three cameras in one browser and two processors: encoders and decoders take their time. */
const PATIENCE_MS = 60_000;

const panel = (page) => page.getByRole('complementary', { name: 'Statistics' });
const view = (page) => panel(page).getByRole('tabpanel');
const figure = async (page, series) => Number(await panel(page).locator(`[data-series=${series}]`).getAttribute('data-value'));
const show = (page, tab) => panel(page).getByRole('tab', { name: tab }).click();

/** Bytes of media received so far, headers included, by kind. */
const received = (page) => page.evaluate(async () => {
  const sum = { at: performance.now(), audio: 0, video: 0 };
  for (const peer of window.testPeers.filter((peer) => peer.connectionState === 'connected')) {
    for (const one of (await peer.getStats()).values()) {
      if (one.type === 'inbound-rtp') sum[one.kind] += one.bytesReceived + one.headerBytesReceived;
    }
  }
  return sum;
});

/** Bit rates over so long. */
async function rates(page, milliseconds) {
  const before = await received(page);
  await page.waitForTimeout(milliseconds);
  const now = await received(page);
  const rate = (kind) => ((now[kind] - before[kind]) * 8_000) / (now.at - before.at);
  return { audio: rate('audio'), video: rate('video') };
}

/** The size of the picture that is seen of somebody. */
const seenHeight = (page, name) => tile(page, name).locator('video[data-showing=true]').last()
  .evaluate((video) => video.videoHeight).catch(() => 0);

/** The codec of the picture that comes. */
const receivedCodec = (page) => page.evaluate(async () => {
  const peer = window.testPeers.findLast(({ connectionState }) => connectionState === 'connected');
  const stats = [...(await peer.getStats()).values()];
  const codecs = new Map(stats.filter(({ type }) => type === 'codec').map(({ id, mimeType }) => [id, mimeType]));
  const [picture] = stats.filter(({ type, kind, framesPerSecond }) => type === 'inbound-rtp' && kind === 'video' && framesPerSecond > 0);
  return codecs.get(picture?.codecId);
});

/** What a page's camera sends, for when that is not what is expected. */
const sends = (page) => page.evaluate(async () => {
  const peer = window.testPeers.findLast(({ connectionState }) => connectionState === 'connected');
  const sender = peer?.getSenders().find(({ track }) => track?.kind === 'video');
  const streams = [...((await sender?.getStats())?.values() ?? [])].filter(({ type }) => type === 'outbound-rtp');
  return JSON.stringify({
    camera: sender?.track.getSettings().height,
    encodings: sender?.getParameters().encodings,
    streams: streams.map(({ rid, frameHeight, framesSent, qualityLimitationReason: limited }) => ({ rid, frameHeight, framesSent, limited })),
    said: [...document.querySelectorAll('.toast-words')].map(({ textContent }) => textContent),
  });
});

/** Chooses how one's picture is sent, in the settings. */
async function choose(page, name, label) {
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  await page.getByRole('dialog').getByRole('combobox', { name, exact: true }).selectOption({ label });
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

async function accessible(page, what) {
  await page.waitForTimeout(400); // animations end: axe reads colours as they are drawn
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
  assert.deepEqual(serious.map(({ id, nodes }) => `${what}: ${id}: ${nodes[0].html.slice(0, 160)}`), []);
}

/** What must not leave the page, as its connections have it. */
const secrets = (page) => page.evaluate(() => window.testPeers
  .flatMap((peer) => [peer.localDescription, peer.remoteDescription])
  .flatMap((description) => [...(description?.sdp ?? '').matchAll(/a=ice-pwd:(\S+)/g)].map(([, password]) => password)));

describe('the statistics', () => {
  let server, browser;
  before(async () => {
    server = await Server.start();
    browser = await launch({ args: [...quiet, ...fakeMedia] });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('of a direct call agree with the browser, name the path, explain the descriptions, and make a report without secrets', async () => {
    const contexts = await people(browser, 2);
    const page = await join(contexts[0], server, 'statistics', 'Ann');
    await join(contexts[1], server, 'statistics', 'Bob');
    await seesVideo(page, 'Bob', PATIENCE_MS);

    // By keyboard alone.
    await page.keyboard.press('d');
    const figures = panel(page).getByRole('tab', { name: 'Figures' });
    await figures.waitFor();
    await until('there are figures', async () => (await panel(page).locator('[data-series=receiving]').count()) === 1);

    const shown = new Set();
    await until('they agree with the browser', async () => {
      const seen = [];
      const watching = setInterval(() => void figure(page, 'receiving').then((value) => seen.push(value), () => {}), 250);
      const { audio, video } = await rates(page, 4_000).finally(() => clearInterval(watching));
      const mean = seen.reduce((sum, value) => sum + value, 0) / seen.length;
      seen.forEach((value) => shown.add(value));
      return Math.abs(mean - (audio + video)) < 0.25 * (audio + video);
    }, PATIENCE_MS);
    assert.ok(shown.size >= 3, `the figures move: ${[...shown]}`);
    const words = await panel(page).getByRole('img', { name: /^Receiving: now .+bit\/s, lowest .+, highest .+ in the last three minutes$/ }).count();
    assert.equal(words, 1, 'each plot has its words');

    await panel(page).getByRole('combobox', { name: 'Show' }).selectOption({ label: 'From Bob' });
    for (const series of ['pictureBitrate', 'pictureFrames', 'pictureHeight', 'pictureJitter', 'soundBitrate', 'soundConcealed', 'roundTrip']) {
      await until(`${series} of Bob is shown`, async () => (await panel(page).locator(`[data-series=${series}]`).count()) === 1);
    }
    await until('the height is that of his picture', async () => (await figure(page, 'pictureHeight')) === (await seenHeight(page, 'Bob')), PATIENCE_MS);
    await accessible(page, 'figures');

    await figures.focus();
    await page.keyboard.press('ArrowRight');
    await view(page).getByText(/^Directly, over UDP \(IPv[46]\), from your (?:local network|public|own) address.* to Bob’s /).waitFor();
    await view(page).getByText(/^A packet takes [\d.]+ ms there and back\.$/).waitFor();
    await accessible(page, 'path');

    await page.keyboard.press('ArrowRight');
    await view(page).getByRole('button', { name: /^Session/ }).waitFor();
    await view(page).getByRole('button', { name: /^Media 1: sound mid \S+ · both ways/ }).press('Enter');
    await view(page).getByText('a=ice-pwd:****', { exact: true }).waitFor();
    await accessible(page, 'descriptions');
    const search = view(page).getByRole('searchbox', { name: 'Search the lines' });
    await search.fill('opus/');
    await view(page).getByText(/^Payload type \d+ is opus, with a clock of 48000 Hz and 2 channel\(s\)\./).first().waitFor();
    assert.equal(await view(page).locator('[data-about=unknown]').count(), 0);
    await search.fill('no such line');
    await view(page).getByText('No line holds “no such line”.').waitFor();
    await search.fill('');
    await view(page).getByRole('combobox', { name: 'Description' }).selectOption({ label: 'Theirs' });
    await view(page).getByRole('button', { name: /^Media 2: picture/ }).waitFor();

    const [download] = await Promise.all([page.waitForEvent('download'), panel(page).getByRole('button', { name: 'Save report' }).press('Enter')]);
    assert.match(download.suggestedFilename(), /^kaigi-report-[\dT-]+\.json$/);
    const text = readFileSync(await download.path(), 'utf8');
    const report = JSON.parse(text);
    assert.equal(report.connections.length, 1);
    assert.ok(report.connections[0].pairs.some(({ selected }) => selected));
    assert.ok(report.connections[0].local.sdp.startsWith('v=0') && report.connections[0].remote.sdp.includes('m=video'));
    assert.ok(report.history.length >= 5 && report.history.length <= 180);
    assert.match(report.browser.userAgent, /Chrome/);
    const passwords = await secrets(page);
    assert.ok(passwords.length > 0);
    for (const secret of [...passwords, 'Ann', 'Bob', 'statistics']) assert.ok(!text.includes(secret), `the report holds ${secret}`);

    await page.keyboard.press('Escape');
    await panel(page).waitFor({ state: 'detached' });
    contexts.forEach((context) => noErrors(context));
    for (const context of contexts) await context.close();
  });

  it('stay quick with a description of 128 kB', async () => {
    const contexts = await people(browser, 2);
    const page = await join(contexts[0], server, 'large', 'Ann');
    await join(contexts[1], server, 'large', 'Bob');
    await seesVideo(page, 'Bob', PATIENCE_MS);
    await page.evaluate(() => {
      const { prototype } = Object.getPrototypeOf(window.RTCPeerConnection); // beneath that of `watchPeers`
      const { get } = Object.getOwnPropertyDescriptor(prototype, 'localDescription');
      Object.defineProperty(prototype, 'localDescription', {
        get() {
          const { type, sdp } = get.call(this);
          const filler = 'a=ssrc:1 cname:filler\r\n';
          return { type, sdp: sdp + filler.repeat(Math.floor((131_072 - sdp.length) / filler.length)) };
        },
      });
    });
    await page.keyboard.press('d');
    await show(page, 'SDP');
    await view(page).getByText(/^5,\d{3} lines, 13[01](?:\.\d)? kB\./).waitFor();
    await page.evaluate(() => {
      window.longTasks = [];
      new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ duration }) => duration)))
        .observe({ type: 'longtask' });
    });
    const search = view(page).getByRole('searchbox', { name: 'Search the lines' });
    await search.pressSequentially('cname:filler');
    await view(page).getByRole('button', { name: 'Show 120 more lines' }).waitFor();
    const longest = Math.max(0, ...(await page.evaluate(() => window.longTasks)));
    console.log(`searching 128 kB: the longest task took ${longest.toFixed(0)} ms`);
    // On two processors that encode and decode two pictures at 720 lines meanwhile.
    assert.ok(longest < 250, `a task took ${longest} ms`);
    for (const context of contexts) await context.close();
  });

  for (const [way, third] of [['a direct', false], ['a routed', true]]) {
    it(`follow the choice in ${way} call: size, codec and bit rate, and never the sound`, async () => {
      const contexts = await people(browser, third ? 3 : 2, { colorScheme: 'dark', viewport: { width: 960, height: 640 } });
      const room = `quality-${third}`;
      const page = await join(contexts[0], server, room, 'Ann');
      // One camera is enough, and as much as two processors send in three sizes beside all else.
      const bob = await join(contexts[1], server, room, 'Bob', '&cam=0');
      if (third) await join(contexts[2], server, room, 'Cyd', '&cam=0');
      await seesVideo(bob, 'Ann', PATIENCE_MS);
      const status = bob.getByRole('status', { name: 'Connection' });
      const path = third ? 'Server' : 'Direct';
      await until(`the call is ${path}`, async () => (await status.textContent()).includes(path), PATIENCE_MS);

      await choose(page, 'Resolution', '320 × 180');
      await until('Bob gets 180 lines', async () => (await seenHeight(bob, 'Ann')) === 180, PATIENCE_MS)
        .catch(async (error) => assert.fail(`${error.message}; Bob sees ${await seenHeight(bob, 'Ann')}; Ann sends ${await sends(page)}`));
      await seesVideo(bob, 'Ann', PATIENCE_MS);
      await choose(page, 'Resolution', 'Automatic');
      await until('Bob gets more again', async () => (await seenHeight(bob, 'Ann')) > 180, PATIENCE_MS);

      if (!third) {
        await choose(page, 'Codec', 'VP9');
        await until('Bob gets VP9, without a new offer', async () => (await receivedCodec(bob)) === 'video/VP9', PATIENCE_MS);
        await choose(page, 'Codec', 'Automatic');
        await until('Bob gets VP8 again', async () => (await receivedCodec(bob)) === 'video/VP8', PATIENCE_MS);
      }

      await choose(page, 'Send limit', '100 kbit/s');
      let seen;
      await until('the picture stays within the limit', async () => {
        seen = await rates(bob, 3_000);
        return seen.video > 10_000 && seen.video < 140_000;
      }, PATIENCE_MS).catch((error) => assert.fail(`${error.message}; ${JSON.stringify(seen)}`));
      assert.ok(seen.audio > 15_000, `the sound is left alone: ${JSON.stringify(seen)}`);

      // The choice is remembered, and holds from the start after a reload.
      await page.reload();
      await page.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
      await seesVideo(bob, 'Ann', PATIENCE_MS);
      await until('the limit holds after a reload', async () => {
        seen = await rates(bob, 3_000);
        return seen.video > 10_000 && seen.video < 140_000;
      }, PATIENCE_MS);

      await page.keyboard.press('d');
      await show(page, 'Path');
      const words = third ? /^To the server itself, over UDP/ : /^Directly, over UDP/;
      await view(page).getByText(words).waitFor({ timeout: PATIENCE_MS });
      await show(page, 'Figures');
      await until('the figures say what is sent', async () => (await figure(page, 'sentHeight')) > 0, PATIENCE_MS);
      await accessible(page, `${way} call`);
      if (third) {
        await bob.keyboard.press('d');
        await panel(bob).getByRole('combobox', { name: 'Show' }).selectOption({ label: 'From Ann' });
        await panel(bob).getByText(/^\d+ × \d+ · VP8 · (?:smallest|middle|largest) layer$/).waitFor({ timeout: PATIENCE_MS });
      }
      contexts.forEach((context) => noErrors(context));
      for (const context of contexts) await context.close();
    });
  }
});
