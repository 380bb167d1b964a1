// A stage of 25 and of 49 tiles: how many a page has, how much of it they cover, that nothing jumps when somebody else
// speaks, and that the page's thread is never busy for long.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { io } from 'socket.io-client';
import { control, fakeMedia, join, launch, noErrors, people, quiet, seesVideo, tile } from '../lib/browser.mjs';
import { drawnCamera } from '../lib/camera.mjs';
import { Server, until } from '../lib/server.mjs';

const PATIENCE_MS = 60_000;
const NAMES = ['Bob', 'Cyd', 'Dan'];
/** Long tasks are counted over so long, while voices change. */
const WATCH_MS = 10_000;
/** What one change of the stage may cost on a machine of two cores that also encodes for everybody, and is shared. */
const LONGEST_TASK_MS = 400;

/** A voice that the test turns on and off by the mute button: Chromium's fake one beeps too shortly to be speech. */
const steadyVoice = (context) => context.addInitScript(() => {
  const { mediaDevices } = navigator;
  if (!mediaDevices) return; // an empty page, before or beside the meeting's
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async ({ audio, video }) => {
    if (!audio || video) return open({ audio, video });
    const sound = new AudioContext();
    const [tone, out] = [sound.createOscillator(), sound.createMediaStreamDestination()];
    tone.connect(out);
    tone.start();
    return out.stream;
  };
});

/** Where the tiles are, and what they are of, in the order of the eye: row by row. */
const layout = (page) => page.evaluate(() => {
  const stage = document.querySelector('.stage').getBoundingClientRect();
  const tiles = [...document.querySelectorAll('.stage [role=group]')]
    .filter((element) => getComputedStyle(element).display !== 'none')
    .map((element) => {
      const { left, top, width, height } = element.style;
      return { name: element.getAttribute('aria-label'), role: element.dataset.role, box: [left, top, width, height].map(parseFloat) };
    });
  const area = tiles.reduce((sum, { box: [, , width, height] }) => sum + width * height, 0);
  return { tiles, coverage: area / (stage.width * stage.height), width: stage.width, height: stage.height };
});
/** As it is once it does not change any more. */
const settled = async (page, what, condition) => {
  let before = '';
  return until(what, async () => {
    const now = await layout(page);
    const text = JSON.stringify(now.tiles);
    const same = text === before;
    before = text;
    return same && condition(now) ? now : undefined;
  }, PATIENCE_MS);
};

const overlap = ([ax, ay, aw, ah], [bx, by, bw, bh]) =>
  Math.min(ax + aw, bx + bw) - Math.max(ax, bx) > 0.5 && Math.min(ay + ah, by + bh) - Math.max(ay, by) > 0.5;

describe('many tiles', () => {
  let server, browser, contexts, ann;
  const others = {};
  const sockets = [];
  before(async () => {
    server = await Server.start();
    browser = await launch({ args: [...quiet, ...fakeMedia, '--autoplay-policy=no-user-gesture-required'] });
    contexts = await people(browser, NAMES.length + 1, { viewport: { width: 480, height: 320 } });
    for (const context of contexts) {
      await drawnCamera(context);
      await steadyVoice(context);
    }
    ann = await contexts[0].newPage();
    await ann.setViewportSize({ width: 1600, height: 1000 });
    await ann.addInitScript(() => {
      window.longTasks = [];
      new PerformanceObserver((list) => {
        for (const { startTime, duration } of list.getEntries()) window.longTasks.push({ startTime, duration });
      }).observe({ type: 'longtask', buffered: true });
    });
    await ann.goto(`${server.url}/r/many?lang=en&name=Ann&join=1&mic=0`);
    await ann.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
    for (const [index, name] of NAMES.entries()) {
      others[name] = await join(contexts[index + 1], server, 'many', name, '&mic=0');
      await tile(ann, name).waitFor({ timeout: PATIENCE_MS });
    }
  });
  after(async () => {
    for (const socket of sockets) socket.disconnect();
    await browser?.close();
    await server?.stop();
  });

  /** People without media, until there are so many in the room. */
  const fill = async (total) => {
    while (sockets.length + NAMES.length + 1 < total) {
      const socket = io(`${server.url}/meet`, { transports: ['websocket'], forceNew: true, rejectUnauthorized: false });
      sockets.push(socket);
      const media = { mic: false, camera: false, screen: false, screenAudio: false };
      const { error } = await socket.timeout(30_000).emitWithAck('join', {
        version: { major: 1, minor: 1 }, room: 'many', name: `Guest ${sockets.length}`, media,
      });
      assert.equal(error, undefined);
    }
  };
  /** Unmutes one after the other, each until its tile is marked. */
  const talkInTurn = async (names) => {
    for (const name of names) {
      await control(others[name], 'Microphone').click();
      await until(`${name} is marked`, async () => (await tile(ann, name).getAttribute('data-speaking')) === 'true', PATIENCE_MS);
      await control(others[name], 'Microphone').click();
    }
  };

  for (const [total, viewport] of [[25, { width: 1600, height: 1000 }], [49, { width: 1920, height: 1200 }]]) {
    it(`${total}: all on one page, side by side, and most of the stage is theirs`, async () => {
      await ann.setViewportSize(viewport);
      await fill(total);
      const { tiles, coverage, width, height } = await settled(ann, `${total} tiles`, (now) => now.tiles.length === total);
      assert.equal(await ann.getByRole('navigation', { name: 'Pages of pictures' }).count(), 0);
      for (const [index, { name, box }] of tiles.entries()) {
        const [left, top, wide, high] = box;
        assert.ok(left >= -0.5 && top >= -0.5 && left + wide <= width + 0.5 && top + high <= height + 0.5, `${name} is outside: ${box}`);
        for (const other of tiles.slice(index + 1)) assert.ok(!overlap(box, other.box), `${name} and ${other.name} overlap`);
      }
      console.log(`${total} tiles cover ${(100 * coverage).toFixed(0)} % of ${width}x${height}`);
      assert.ok(coverage > 0.7, `they cover ${coverage}`);
      for (const name of NAMES) await seesVideo(ann, name, PATIENCE_MS);
    });

    it(`${total}: nobody moves when others speak, and nothing is shifted`, async () => {
      const before = (await layout(ann)).tiles;
      await ann.evaluate(() => {
        window.shifts = [];
        window.shiftObserver?.disconnect();
        window.shiftObserver = new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(({ value }) => value)));
        window.shiftObserver.observe({ type: 'layout-shift' });
      });
      await talkInTurn(['Dan', 'Bob']);
      assert.deepEqual((await layout(ann)).tiles, before);
      const shift = await ann.evaluate(() => window.shifts.reduce((sum, value) => sum + value, 0));
      assert.ok(shift < 0.01, `layout shift ${shift}`);
    });
  }

  it('on a smaller window are pages, each full and every one in one place', async () => {
    await ann.setViewportSize({ width: 1000, height: 640 });
    const pages = ann.getByRole('navigation', { name: 'Pages of pictures' });
    await pages.waitFor();
    const seen = [];
    const counts = [];
    for (;;) {
      const { tiles } = await settled(ann, 'the page', ({ tiles }) => tiles.length > 0);
      const names = tiles.map(({ name }) => name).filter((name) => name !== 'Ann (you)');
      seen.push(...names);
      counts.push(tiles.length);
      const next = pages.getByRole('button', { name: 'Next page' });
      if ((await next.getAttribute('aria-disabled')) === 'true') break;
      await next.click();
    }
    console.log(`49 people at 1000x640: pages of ${counts.join(', ')} tiles, one's own on each`);
    assert.equal(seen.length, 48);
    assert.equal(new Set(seen).size, 48);
    assert.equal(new Set(counts.slice(0, -1)).size, 1, 'all but the last are full');
  });

  it('keep the thread of the page free: with 25, voices and pages change without long tasks', async () => {
    for (const socket of sockets.splice(25 - NAMES.length - 1)) socket.disconnect();
    await ann.setViewportSize({ width: 1600, height: 1000 });
    await settled(ann, '25 tiles', ({ tiles }) => tiles.length === 25);
    await ann.evaluate(() => { window.longTasks.length = 0; });
    const began = Date.now();
    while (Date.now() - began < WATCH_MS) await talkInTurn(['Cyd', 'Bob', 'Dan']);
    const seconds = (Date.now() - began) / 1000;
    const tasks = await ann.evaluate(() => window.longTasks.map(({ duration }) => duration));
    const longest = Math.max(0, ...tasks);
    console.log(`25 tiles, ${seconds.toFixed(0)} s, voices changing: ${tasks.length} tasks over 50 ms, longest ${longest} ms`);
    assert.ok(longest < LONGEST_TASK_MS, `a task of ${longest} ms`);
    noErrors(contexts[0]);
  });
});
