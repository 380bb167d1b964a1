// From the click on "Join now" to the first frame of the other, beside the least a call can take. The ratio
// is printed, not asserted: machines are noisy.
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { control, join, launch, people, seesVideo } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

const ROUNDS = 7;

describe('joining', () => {
  let server, browser;
  before(async () => {
    server = await Server.start(['--site-dir', fileURLToPath(new URL('../pages', import.meta.url))]);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('shows the first remote frame about as fast as two bare RTCPeerConnections', async () => {
    const [ann, bob] = await people(browser, 2);
    const waiting = await join(bob, server, 'speed', 'Bob');
    const [kaigi, minimal] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      minimal.push(await measureMinimal(ann));
      kaigi.push(await measureKaigi(ann, waiting));
    }
    const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
    const round = (list) => list.map((value) => Math.round(value)).join(' ');
    console.log(`join click to first remote frame, ms: Kaigi ${round(kaigi)}; minimal page ${round(minimal)}`);
    console.log(`medians ${Math.round(median(kaigi))} and ${Math.round(median(minimal))} ms, `
      + `ratio ${(median(kaigi) / median(minimal)).toFixed(2)} (aim: at most 1.3)`);
  });

  async function measureMinimal(context) {
    const page = await context.newPage();
    await page.goto(`${server.url}/site/minimal.html`);
    await page.locator('#go:enabled').waitFor();
    await page.waitForTimeout(500);
    await page.locator('#go').click();
    const took = await until('a first frame', () => page.evaluate(() => window.firstFrameMs));
    await page.close();
    return took;
  }

  async function measureKaigi(context, waiting) {
    const page = await context.newPage();
    await page.goto(`${server.url}/r/speed?lang=en&name=Ann`);
    const button = page.getByRole('button', { name: 'Join now' });
    await button.waitFor();
    await page.locator('video').first().evaluate((video) => video.videoWidth > 0 || new Promise((resolve) => {
      video.requestVideoFrameCallback(resolve);
    }));
    await page.waitForTimeout(500);
    await page.evaluate(() => {
      let clicked;
      addEventListener('click', () => { clicked ??= performance.now(); }, { capture: true });
      const watched = new WeakSet();
      new MutationObserver(() => {
        const video = document.querySelector('[role=group][aria-label="Bob"] video');
        if (!video || watched.has(video)) return;
        watched.add(video);
        video.requestVideoFrameCallback(() => { window.firstFrameMs ??= performance.now() - clicked; });
      }).observe(document, { subtree: true, childList: true, attributes: true });
    });
    await button.click();
    const took = await until('a first frame', () => page.evaluate(() => window.firstFrameMs));
    await seesVideo(page, 'Bob');
    await control(page, 'Leave').click();
    await waiting.getByRole('group', { name: 'Ann', exact: true }).waitFor({ state: 'detached' });
    await page.close();
    return took;
  }
});
