// The third to join moves two from their direct call to the server, and they move back when the third has left: neither
// sees or hears a gap.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { control, join, launch, people, seesVideo, tile } from '../lib/browser.mjs';
import { longestPause, smallCamera, watchFrames } from '../lib/camera.mjs';
import { Server, until } from '../lib/server.mjs';

const PATIENCE_MS = 60_000;
/** The camera makes 20 frames a second; a picture may pause for so much longer than that. */
const INTERVAL_MS = 50;
const PAUSE_MS = 200;
/** Attempts, of which one has to be good. */
const TRIES = 3;
/** Of sound, as much: samples at 48 kHz. */
const CONCEALED = 9_600;

const status = (page) => page.getByRole('status', { name: 'Connection' }).textContent();

/**
 * Looks ten times a second at what is concealed of the voices that are played aloud, by whichever connection they come, and
 * at how many of them there are.
 */
function listen(page) {
  return page.evaluate(() => {
    window.heard = { concealed: 0, fewest: Infinity };
    const counts = new Map();
    const look = async () => {
      const aloud = [...document.querySelectorAll('audio')].filter((audio) => !audio.muted && !audio.paused);
      const tracks = aloud.flatMap((audio) => audio.srcObject.getTracks().map(({ id }) => id));
      for (const [at, peer] of window.testPeers.entries()) {
        if (peer.connectionState !== 'connected') continue;
        for (const { id, type, kind, trackIdentifier, concealedSamples = 0 } of (await peer.getStats()).values()) {
          if (type !== 'inbound-rtp' || kind !== 'audio') continue;
          const key = `${at} ${id}`;
          if (tracks.includes(trackIdentifier)) window.heard.concealed += concealedSamples - (counts.get(key) ?? concealedSamples);
          counts.set(key, concealedSamples);
        }
      }
      window.heard.fewest = Math.min(window.heard.fewest, aloud.length);
      setTimeout(look, 100);
    };
    return look();
  });
}

describe('a third joiner', () => {
  let server, browser;
  before(async () => {
    server = await Server.start();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('leaves no gap in what the other two see and hear, neither coming nor going', async () => {
    const contexts = await people(browser, 3, { viewport: { width: 640, height: 480 } });
    // Three encoders for the server and one for the other, for each of three, on one machine: small pictures.
    for (const context of contexts) await smallCamera(context, { frameRate: 1000 / INTERVAL_MS });
    const names = ['Ann', 'Bob', 'Cyd'];
    const pages = [];
    for (const index of [0, 1]) pages.push(await join(contexts[index], server, 'gap', names[index]));
    const direct = () => Promise.all([0, 1].map((index) =>
      until(`${names[index]} is direct`, async () => /Direct/.test(await status(pages[index])), PATIENCE_MS)));
    await Promise.all([seesVideo(pages[0], 'Bob', PATIENCE_MS), seesVideo(pages[1], 'Ann', PATIENCE_MS), direct()]);
    await watchFrames(pages[0], 'Bob');
    await watchFrames(pages[1], 'Ann');
    await Promise.all([listen(pages[0]), listen(pages[1])]);

    /** Tells the gaps in what both see and hear while `change` happens, until only one connection is left. */
    const seamless = async (what, change) => {
      const forget = (page) => page.evaluate(() => {
        window.seen.length = 0;
        Object.assign(window.heard, { concealed: 0, fewest: Infinity });
      });
      const frames = (page) => page.evaluate(() => window.seen.length);
      await Promise.all([0, 1].map((index) => until('frames are seen', async () => (await frames(pages[index])) > 20)));
      await Promise.all([0, 1].map((index) => forget(pages[index])));
      await change();
      for (const index of [0, 1]) {
        await until(`${names[index]} has left the other way`, () => pages[index].evaluate(() =>
          window.testPeers.filter(({ connectionState }) => connectionState === 'connected').length === 1), PATIENCE_MS);
        const before = await frames(pages[index]);
        await until('frames go on', async () => (await frames(pages[index])) > before + 10);
      }
      const gaps = [];
      for (const index of [0, 1]) {
        const { seen, heard } = await pages[index].evaluate(() => ({ seen: window.seen, heard: window.heard }));
        const { pause, swaps } = longestPause(seen);
        console.log(`${what}, ${names[index]}: the picture pauses for ${pause.toFixed(0)} ms at most, ${heard.concealed} samples are concealed`);
        assert.equal(swaps, 1, `${what}: ${names[index]}'s picture of the other went over to the other way once`);
        if (pause > INTERVAL_MS + PAUSE_MS) gaps.push(`the other's picture stands still for ${pause.toFixed(0)} ms at ${names[index]}`);
        if (heard.concealed >= CONCEALED) gaps.push(`${heard.concealed} samples are concealed at ${names[index]}`);
        if (heard.fewest < 1) gaps.push(`for a moment ${names[index]} hears nobody`);
      }
      return gaps;
    };

    // A machine that has other things to do makes gaps of its own: then the third comes and goes again.
    const found = { coming: ['not tried'], going: ['not tried'] };
    for (let tries = 0; tries < TRIES && (found.coming.length || found.going.length); tries += 1) {
      const coming = await seamless('a third comes', async () => {
        // Muted, so that all that is heard is heard of the other.
        pages[2] = await join(contexts[2], server, 'gap', names[2], '&mic=0');
        await Promise.all([0, 1].map((index) => seesVideo(pages[index], 'Cyd', PATIENCE_MS)));
      });
      if (found.coming.length) found.coming = coming;
      const going = await seamless('the third leaves', async () => {
        await control(pages[2], 'Leave').click();
        await Promise.all([0, 1].map((index) => tile(pages[index], 'Cyd').waitFor({ state: 'detached' })));
        await direct();
      });
      if (found.going.length) found.going = going;
      await pages[2].close();
    }
    assert.deepEqual(found, { coming: [], going: [] });
    for (const context of contexts) await context.close();
  });
});
