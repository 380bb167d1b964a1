// What the stage shows: pages, pins, who speaks, shared screens; and that what it does not show is not received.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { control, fakeMedia, join, launch, noErrors, people, quiet, seesVideo, tile } from '../lib/browser.mjs';
import { drawnCamera } from '../lib/camera.mjs';
import { Server, until } from '../lib/server.mjs';

const PATIENCE_MS = 30_000;
const desktop = { width: 960, height: 600 };
/** Has room for a few tiles only. */
const tiny = { width: 320, height: 300 };
const NAMES = ['Bob', 'Cyd', 'Dan', 'Eve', 'Fay'];

const role = async (page, name) => ((await tile(page, name).count()) ? tile(page, name).getAttribute('data-role') : null);
const becomes = (page, name, wanted) =>
  until(`${name}'s tile is ${wanted}`, async () => (await role(page, name)) === wanted, PATIENCE_MS);
/** Those of the others whose tile is seen now. */
const shown = async (page, names) => {
  const seen = await Promise.all(names.map(async (name) => ((await tile(page, name).isVisible()) ? name : undefined)));
  return seen.filter((name) => name !== undefined);
};
const press = async (page, name, button) => {
  await tile(page, name).hover();
  await tile(page, name).getByRole('button', { name: button, exact: true }).click();
};
/** Keeps the views a page tells the server, last one last. */
const noteViews = (page) => {
  page.views = [];
  page.on('websocket', (socket) =>
    socket.on('framesent', ({ payload }) => {
      const [, event] = /^42\/meet,\d*(\[.*)$/s.exec(String(payload)) ?? [];
      const [name, data] = event ? JSON.parse(event) : [];
      if (name === 'view') page.views.push(data);
    }));
};

/** A microphone that does not stop: Chromium's fake one beeps too shortly to be speech. */
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

describe('the stage', () => {
  let server, browser, contexts, ann;
  const others = {};
  before(async () => {
    server = await Server.start();
    browser = await launch({ args: [...quiet, ...fakeMedia, '--autoplay-policy=no-user-gesture-required'] });
    contexts = await people(browser, NAMES.length + 1, { viewport: desktop });
    for (const context of contexts) {
      await drawnCamera(context);
      await steadyVoice(context);
    }
    ann = await contexts[0].newPage();
    noteViews(ann);
    await ann.goto(`${server.url}/r/stage?lang=en&name=Ann&join=1&mic=0`);
    await ann.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
    // Nobody speaks yet.
    for (const [index, name] of NAMES.entries()) others[name] = await join(contexts[index + 1], server, 'stage', name, '&mic=0');
    for (const name of NAMES) await tile(ann, name).waitFor({ timeout: PATIENCE_MS });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('is a tile that is pinned, by mouse or keyboard, until it is unpinned', async () => {
    await press(ann, 'Cyd', 'Pin');
    await becomes(ann, 'Cyd', 'main');
    await press(ann, 'Cyd', 'Unpin');
    await becomes(ann, 'Cyd', 'grid');
    await tile(ann, 'Dan').getByRole('button', { name: 'Pin', exact: true }).focus();
    await ann.keyboard.press('Enter');
    await becomes(ann, 'Dan', 'main');
    await ann.keyboard.press('Enter');
    await becomes(ann, 'Dan', 'grid');
  });

  it('is shared by the screens that are shown, and given back when they end', async () => {
    await control(others.Bob, 'Share screen').click();
    await becomes(ann, "Bob's screen", 'main');
    await seesVideo(ann, "Bob's screen", PATIENCE_MS);
    await control(others.Cyd, 'Share screen').click();
    await becomes(ann, "Cyd's screen", 'main');
    assert.equal(await role(ann, "Bob's screen"), 'main');
    await control(others.Bob, 'Share screen').click();
    await until('that screen is gone', async () => (await role(ann, "Bob's screen")) === null, PATIENCE_MS);
    assert.equal(await role(ann, "Cyd's screen"), 'main');
    await control(others.Cyd, 'Share screen').click();
    await becomes(ann, 'Bob', 'grid');
  });

  it('stays with what is pinned when somebody shares a screen', async () => {
    await press(ann, 'Cyd', 'Pin');
    await becomes(ann, 'Cyd', 'main');
    await control(others.Bob, 'Share screen').click();
    await becomes(ann, "Bob's screen", 'strip');
    assert.equal(await role(ann, 'Cyd'), 'main');
    await control(others.Bob, 'Share screen').click();
    await until('that screen is gone', async () => (await role(ann, "Bob's screen")) === null, PATIENCE_MS);
    await press(ann, 'Cyd', 'Unpin');
  });

  it('has pages: only what is on the one that is seen is asked for, and each is on one of them', async () => {
    await ann.setViewportSize(tiny);
    const pages = ann.getByRole('navigation', { name: 'Pages of pictures' });
    await pages.waitFor();
    const seen = new Set();
    for (;;) {
      const now = await until('the server has been told of this page', async () => {
        const visible = await shown(ann, NAMES);
        return ann.views.at(-1)?.wants.length === visible.length ? visible : undefined;
      }, PATIENCE_MS);
      assert.ok(now.length < NAMES.length, `all are shown: ${now}`);
      for (const name of now) seen.add(name);
      const next = pages.getByRole('button', { name: 'Next page' });
      if ((await next.getAttribute('aria-disabled')) === 'true') break;
      const before = await pages.getByRole('status').textContent();
      await next.click();
      await until('the page turns', async () => (await pages.getByRole('status').textContent()) !== before);
    }
    assert.deepEqual([...seen].sort(), NAMES);
    // Those who were not shown come when they are looked at.
    for (const name of await shown(ann, NAMES)) {
      await until(`${name} is received`, async () => (await tile(ann, name).getAttribute('data-showing')) === 'true', PATIENCE_MS);
    }
    await ann.setViewportSize(desktop);
    await until('all are seen again', async () => (await shown(ann, NAMES)).length === NAMES.length);
  });

  it('is, in the speaker view, of who speaks; the one before takes that place, and nobody else moves', async () => {
    await ann.setViewportSize({ width: 1100, height: 760 });
    await control(ann, 'Speaker view').click();
    assert.equal(await control(ann, 'Speaker view').getAttribute('aria-pressed'), 'true');
    await becomes(ann, 'Bob', 'main');
    const places = async () => Object.fromEntries(await Promise.all(NAMES.map(async (name) => {
      const { left, top } = await tile(ann, name).evaluate((element) => element.style);
      return [name, `${left} ${top}`];
    })));
    const before = await places();
    await control(others.Eve, 'Microphone').click();
    await becomes(ann, 'Eve', 'main');
    await until('her tile is marked', async () => (await tile(ann, 'Eve').getAttribute('data-speaking')) === 'true', PATIENCE_MS);
    assert.deepEqual(await places(), { ...before, Eve: before.Bob, Bob: before.Eve });
    await control(others.Eve, 'Microphone').click();
    await ann.keyboard.press('l');
    await becomes(ann, 'Eve', 'grid');
  });

  it('goes on in a small window of its own, where the browser has them', async () => {
    const supported = await ann.evaluate(() => 'documentPictureInPicture' in window);
    await ann.getByRole('button', { name: 'More', exact: true }).click();
    const item = ann.getByRole('button', { name: 'Picture in picture', exact: true });
    if (!supported) return assert.equal(await item.count(), Number(await ann.evaluate(() => document.pictureInPictureEnabled)));
    await item.click();
    const small = await until('there is a window', async () => (await ann.evaluate(() => {
      const document = window.documentPictureInPicture.window?.document;
      const video = document?.querySelector('[role=group] video[data-showing=true]');
      return video && {
        tile: video.closest('[role=group]').getAttribute('aria-label'),
        buttons: [...document.querySelectorAll('button')].map((button) => button.getAttribute('aria-label')),
        styled: document.defaultView.getComputedStyle(video).objectFit,
      };
    })) ?? undefined, PATIENCE_MS);
    assert.deepEqual(small, { tile: 'Eve', buttons: ['Microphone', 'Leave'], styled: 'contain' });
    await ann.evaluate(() => window.documentPictureInPicture.window.close());
    await until('it is closed', () => ann.evaluate(() => !window.documentPictureInPicture.window));
  });

  it('says in words how good each connection is', async () => {
    for (const name of ['Bob', 'Ann (you)']) {
      await tile(ann, name).locator('.tile-quality').waitFor({ timeout: PATIENCE_MS });
    }
    // Dan's server connection is lost: the tile says so to those who ask.
    await contexts[NAMES.indexOf('Dan') + 1].setOffline(true);
    const why = tile(ann, 'Dan').getByRole('button', { name: 'Why is this not better?' });
    await why.waitFor({ timeout: PATIENCE_MS });
    await contexts[NAMES.indexOf('Dan') + 1].setOffline(false);
    noErrors(contexts[0]);
  });
});
