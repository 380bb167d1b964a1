// Chromium with fake devices, and what a person would do and see in it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chromium } from 'playwright-core';
import { until } from './server.mjs';

const executablePath = process.env.CHROMIUM ?? execFileSync('sh', ['-c', 'command -v chromium']).toString().trim();

export const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];
export const fakeMedia = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

export function launch({ args = [...quiet, ...fakeMedia], env } = {}) {
  return chromium.launch({ executablePath, args, env });
}

/** A person: a browser context of their own, its errors collected. */
export async function person(browser, options = {}) {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 800 },
    permissions: ['camera', 'microphone'],
    ...options,
  });
  context.errors = [];
  context.on('weberror', (event) => context.errors.push(`${event.error()}`));
  context.on('console', (message) => {
    if (message.type() === 'error') context.errors.push(message.text());
  });
  return context;
}

/** Several people, their peer connections watched. */
export async function people(browser, count, options = {}) {
  const contexts = [];
  for (let index = 0; index < count; index += 1) {
    const context = await person(browser, options);
    await watchPeers(context);
    contexts.push(context);
  }
  return contexts;
}

/** Opens a room's pre-join page, gives the name, and joins with a click. */
export async function join(context, server, room, name, query = '') {
  const page = await context.newPage();
  await page.goto(`${server.url}/r/${room}?lang=en${query}`);
  await page.getByRole('textbox', { name: 'Your name' }).fill(name);
  await page.getByRole('button', { name: 'Join now' }).click();
  await page.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
  return page;
}

export const tile = (page, name) => page.getByRole('group', { name, exact: true });
export const control = (page, name) =>
  page.getByRole('toolbar', { name: 'Meeting controls' }).getByRole('button', { name, exact: true });

/** The picture in a tile moves: pixels of its video, read twice, differ, and are not all alike. */
export async function seesVideo(page, name, milliseconds = 15_000) {
  const video = tile(page, name).locator('video').first();
  await video.waitFor({ state: 'visible' });
  const picture = () =>
    video.evaluate((element) => {
      if (!element.videoWidth) return null;
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [64, 36];
      const context = canvas.getContext('2d', { willReadFrequently: true });
      context.drawImage(element, 0, 0, 64, 36);
      const pixels = [...context.getImageData(0, 0, 64, 36).data];
      return { pixels: pixels.join(), colors: new Set(pixels).size };
    });
  const first = await until(`${name}'s video has a picture`, async () => {
    const seen = await picture();
    return seen && seen.colors > 4 ? seen : null;
  }, milliseconds);
  await until(`${name}'s video moves`, async () => {
    const seen = await picture();
    return seen && seen.colors > 4 && seen.pixels !== first.pixels;
  }, milliseconds);
}

/** Keeps every RTCPeerConnection of a page where tests can ask it; call before the page loads. */
export async function watchPeers(context) {
  await context.addInitScript(() => {
    const peers = (window.testPeers = []);
    window.RTCPeerConnection = class extends window.RTCPeerConnection {
      constructor(...args) {
        super(...args);
        peers.push(this);
      }
    };
  });
}

/** Sums up the inbound RTP of all living peer connections by kind. */
export function inbound(page) {
  return page.evaluate(async () => {
    const sum = { framesDecoded: 0, audioLevel: 0, audioPackets: 0, connections: 0, concealedSamples: 0 };
    for (const peer of window.testPeers.filter((peer) => peer.connectionState === 'connected')) {
      sum.connections += 1;
      for (const report of (await peer.getStats()).values()) {
        if (report.type !== 'inbound-rtp') continue;
        if (report.kind === 'video') sum.framesDecoded += report.framesDecoded ?? 0;
        if (report.kind === 'audio') {
          sum.audioLevel = Math.max(sum.audioLevel, report.audioLevel ?? 0);
          sum.audioPackets += report.packetsReceived ?? 0;
          sum.concealedSamples += report.concealedSamples ?? 0;
        }
      }
    }
    return sum;
  });
}

/** Frames are decoded and sound arrives (Chromium's fake microphone beeps). */
export async function receivesMedia(page, { video = true, audio = true } = {}) {
  const before = await inbound(page);
  let loudest = 0;
  await until('frames are decoded and sound arrives', async () => {
    const now = await inbound(page);
    loudest = Math.max(loudest, now.audioLevel);
    const frames = !video || now.framesDecoded > before.framesDecoded + 5;
    return frames && (!audio || (loudest > 0.001 && now.audioPackets > before.audioPackets + 10));
  });
}

/** No page of this person has logged an error. */
export function noErrors(context, allowed = /favicon|ERR_CERT|net::ERR_/) {
  assert.deepEqual(context.errors.filter((error) => !allowed.test(error)), []);
}
