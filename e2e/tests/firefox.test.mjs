// A call between stock Firefox and Chromium.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import puppeteer from 'puppeteer-core';
import { control, join, launch, people, receivesMedia, seesVideo } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

const executablePath = process.env.FIREFOX
  ?? execFileSync('sh', ['-c', 'command -v firefox-esr || command -v firefox']).toString().trim();

describe('Firefox', () => {
  let server, chromium, firefox;
  before(async () => {
    server = await Server.start();
    chromium = await launch();
    firefox = await puppeteer.launch({
      browser: 'firefox',
      executablePath,
      acceptInsecureCerts: true,
      extraPrefsFirefox: {
        'media.navigator.streams.fake': true,
        'media.navigator.permission.disabled': true,
        'media.autoplay.default': 0,
        'media.peerconnection.ice.loopback': true,
      },
    });
  });
  after(async () => {
    await firefox?.close();
    await chromium?.close();
    await server?.stop();
  });

  for (const first of ['Chromium', 'Firefox']) {
    it(`sees and hears Chromium, and is seen and heard, when ${first} comes first`, async () => {
      const room = `mixed-${first.toLowerCase()}`;
      const [context] = await people(chromium, 1);
      const open = {
        Chromium: () => join(context, server, room, 'Chris'),
        Firefox: async () => {
          const page = await firefox.newPage();
          await page.evaluateOnNewDocument(() => {
            const peers = (window.testPeers = []);
            window.RTCPeerConnection = class extends window.RTCPeerConnection {
              constructor(...args) {
                super(...args);
                peers.push(this);
              }
            };
          });
          await page.goto(`${server.url}/r/${room}?lang=en&name=Fay&join=1`);
          await page.locator('::-p-aria([name="Leave"][role="button"])').wait();
          return page;
        },
      };
      const pages = {};
      for (const name of first === 'Firefox' ? ['Firefox', 'Chromium'] : ['Chromium', 'Firefox']) {
        pages[name] = await open[name]();
      }
      await seesVideo(pages.Chromium, 'Fay');
      await receivesMedia(pages.Chromium);
      const stats = () => pages.Firefox.evaluate(async () => {
        const sum = { frames: 0, audio: 0, playing: 0 };
        for (const peer of window.testPeers) {
          for (const report of (await peer.getStats()).values()) {
            if (report.type !== 'inbound-rtp') continue;
            if (report.kind === 'video') sum.frames += report.framesDecoded ?? 0;
            else sum.audio = Math.max(sum.audio, report.totalAudioEnergy ?? 0);
          }
        }
        const video = document.querySelector('[role=group][aria-label=Chris] video');
        sum.playing = video?.videoWidth ? video.currentTime : 0;
        return sum;
      });
      const before = await until('Firefox plays Chromium’s video', async () => {
        const now = await stats();
        return now.playing > 0 && now.frames > 0 ? now : null;
      });
      await until('frames and sound keep coming', async () => {
        const now = await stats();
        return now.frames > before.frames + 10 && now.playing > before.playing && now.audio > 0;
      });

      await control(pages.Chromium, 'Chat').click();
      await pages.Chromium.getByRole('textbox', { name: 'Message' }).fill('hello Firefox');
      await pages.Chromium.getByRole('button', { name: 'Send' }).click();
      await pages.Firefox.locator('::-p-aria([name="Chat"][role="button"])').click();
      await until('the message is read in Firefox', () =>
        pages.Firefox.evaluate(() => document.querySelector('[role=log]')?.textContent.includes('hello Firefox')));
      // One to the other, and one to the server if a browser that has just started needs more than five seconds for that.
      assert.ok(await pages.Firefox.evaluate(() => window.testPeers.length) <= 2);
      await pages.Firefox.close();
      await context.close();
    });
  }
});
