// Two people meet in two Chromiums, directly.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  control, fakeMedia, join, launch, noErrors, people, quiet, receivesMedia, seesVideo, tile,
} from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

describe('a call of two', () => {
  let server, browser;
  before(async () => {
    server = await Server.start();
    browser = await launch({
      args: [...quiet, ...fakeMedia, '--auto-select-desktop-capture-source=Entire screen'],
    });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('lets them see, hear and write to each other, directly', async () => {
    const [ann, bob] = await people(browser, 2);
    const annPage = await join(ann, server, 'first-call', 'Ann');
    const bobPage = await join(bob, server, 'first-call', 'Bob');
    await Promise.all([seesVideo(annPage, 'Bob'), seesVideo(bobPage, 'Ann'), seesVideo(annPage, 'Ann (you)')]);
    await Promise.all([receivesMedia(annPage), receivesMedia(bobPage)]);
    for (const page of [annPage, bobPage]) {
      const status = page.getByRole('status', { name: 'Connection' });
      await until('the connection is direct', async () => /Direct/.test(await status.textContent()));
    }

    await control(annPage, 'Chat').click();
    const message = 'Hello <b>Bob</b> 👋\nsee https://example.org/a?b=1';
    await annPage.getByRole('textbox', { name: 'Message' }).fill(message);
    await annPage.getByRole('button', { name: 'Send' }).click();
    await control(bobPage, 'Chat').click();
    const log = bobPage.getByRole('log', { name: 'Chat messages' });
    await log.getByText('Hello <b>Bob</b> 👋').waitFor();
    assert.equal(await log.locator('b').count(), 0, 'text is never HTML');
    assert.equal(await log.getByRole('link').getAttribute('href'), 'https://example.org/a?b=1');

    await control(annPage, 'Leave').click();
    await tile(bobPage, 'Ann').waitFor({ state: 'detached' });
    await log.getByText('Ann left').waitFor();
    for (const context of [ann, bob]) {
      noErrors(context);
      await context.close();
    }
  });

  it('releases a camera that is turned off, shows an avatar at once, and brings the picture back', async () => {
    const [ann, bob] = await people(browser, 2);
    const annPage = await join(ann, server, 'toggles', 'Ann');
    const bobPage = await join(bob, server, 'toggles', 'Bob');
    await seesVideo(bobPage, 'Ann');

    const cameraTracks = () =>
      annPage.evaluate(() => [...document.querySelectorAll('video')]
        .flatMap((video) => video.srcObject?.getVideoTracks() ?? [])
        .filter((track) => track.readyState === 'live' && track.getSettings().deviceId && !track.remote
          && track.label.startsWith('fake')).length);
    assert.ok((await cameraTracks()) > 0);
    await control(annPage, 'Camera').click();
    assert.equal(await control(annPage, 'Camera').getAttribute('aria-pressed'), 'false');
    await until('Bob sees an avatar instead of Ann', async () => !(await showsVideo(bobPage, 'Ann')));
    await tile(bobPage, 'Ann').getByText('A', { exact: true }).waitFor();
    assert.equal(await cameraTracks(), 0, 'the device is released');
    assert.ok((await annPage.evaluate(() => window.testPeers.length)) === 1, 'nothing was negotiated anew');

    await control(annPage, 'Camera').click();
    await seesVideo(bobPage, 'Ann');

    await control(annPage, 'Microphone').click();
    await until('Bob sees the muted mark', async () => (await tile(bobPage, 'Ann').getByLabel('Muted').count()
      + await tile(bobPage, 'Ann').getByText('Muted').count()) > 0);
    await ann.close();
    await bob.close();
  });

  it('shares a screen, large, and ends it by the browser’s own button', async () => {
    const [ann, bob] = await people(browser, 2);
    const annPage = await join(ann, server, 'screen', 'Ann');
    const bobPage = await join(bob, server, 'screen', 'Bob');
    await seesVideo(bobPage, 'Ann');
    await control(annPage, 'Share screen').click();
    await seesScreen(bobPage, "Ann's screen");
    const [shared, stage] = await bobPage.evaluate(() => {
      const video = document.querySelector('[role=group][aria-label="Ann\'s screen"]').getBoundingClientRect();
      return [video.width * video.height, window.innerWidth * window.innerHeight];
    });
    assert.ok(shared > stage / 2, `the shared screen takes ${Math.round((shared / stage) * 100)} % of the page`);
    const captured = await annPage.evaluate(() => {
      const tracks = window.testPeers.flatMap((peer) => peer.getSenders()).map((sender) => sender.track);
      return tracks.find((track) => track?.getSettings().displaySurface)?.getSettings().width;
    });
    await until(`the picture is as sharp as the screen, ${captured} pixels wide`, () =>
      tile(bobPage, "Ann's screen").locator('video').first().evaluate((video, width) => video.videoWidth === width, captured));
    // What the browser's button does: the track ends from outside.
    await annPage.evaluate(() => {
      for (const video of document.querySelectorAll('video')) {
        for (const track of video.srcObject?.getVideoTracks() ?? []) {
          if (track.getSettings().displaySurface) {
            track.stop();
            track.dispatchEvent(new Event('ended'));
          }
        }
      }
    });
    await tile(bobPage, "Ann's screen").waitFor({ state: 'detached' });
    assert.equal(await control(annPage, 'Share screen').getAttribute('aria-pressed'), 'false');
    await ann.close();
    await bob.close();
  });

  it('leaves no names, addresses, room names or SDP in the log', () => {
    const lines = server.output.split('\n').filter((line) => / (INFO|WARN|ERROR) /.test(line));
    assert.ok(lines.filter((line) => /joined/.test(line)).length >= 2, server.output);
    const personal = lines.filter((line) => /Ann|Bob|127\.0\.0\.1|::1|first-call|a=candidate|v=0/.test(line));
    assert.deepEqual(personal, []);
  });

  it('tells one too many in words that the room is full', async () => {
    const small = await Server.start(['--room-capacity', '2']);
    const contexts = await people(browser, 3);
    await join(contexts[0], small, 'full', 'Ann');
    await join(contexts[1], small, 'full', 'Bob');
    const page = await contexts[2].newPage();
    await page.goto(`${small.url}/r/full?lang=en&name=Cat&join=1`);
    await page.getByText('This meeting is full').waitFor();
    for (const context of contexts) await context.close();
    await small.stop();
  });

  it('lets a second tab of the same browser join muted, and says why', async () => {
    const [ann] = await people(browser, 1);
    await join(ann, server, 'twice', 'Ann');
    const second = await join(ann, server, 'twice', 'Ann again');
    await second.getByText('You are in this meeting twice').waitFor();
    assert.equal(await control(second, 'Microphone').getAttribute('aria-pressed'), 'false');
    await ann.close();
  });

  it('lets people without camera and microphone join', async () => {
    const [bob] = await people(browser, 1);
    const bare = await launch({ args: quiet });
    const [ann] = await people(bare, 1, { permissions: [] });
    const bobPage = await join(bob, server, 'bare', 'Bob');
    const annPage = await join(ann, server, 'bare', 'Ann');
    await seesVideo(annPage, 'Bob');
    await receivesMedia(annPage);
    await tile(bobPage, 'Ann').waitFor();
    assert.equal(await control(annPage, 'Camera').getAttribute('aria-pressed'), 'false');
    await bare.close();
    await bob.close();
  });

  it('opens rooms only for holders of the key when there is one', async () => {
    const keyed = await Server.start(['--create-key', 'sesame']);
    try {
      const [ann, bob] = await people(browser, 2);
      const guest = await bob.newPage();
      await guest.goto(`${keyed.url}/r/vault?lang=en&name=Bob&join=1`);
      await guest.getByText('This meeting has not been opened yet').waitFor();
      const host = await ann.newPage();
      await host.goto(`${keyed.url}/r/vault?lang=en&name=Ann&join=1`);
      const key = host.getByRole('textbox', { name: /key/ }).or(host.getByLabel(/Enter the key/));
      await key.first().fill('wrong');
      await host.getByRole('button', { name: 'Open meeting' }).click();
      await host.getByText(/key does not open|key is wrong/).first().waitFor();
      await key.first().fill('sesame');
      await host.getByRole('button', { name: 'Open meeting' }).click();
      await host.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
      // The guest enters without a click.
      await guest.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
      await seesVideo(guest, 'Ann');
      // The host's browser is known from now on; the guest's is not.
      const rights = async (context) => (await context.request.get(`${keyed.url}/api/v1/session`)).json();
      await until('the host may open rooms', async () => (await rights(ann)).mayOpenRooms);
      assert.equal((await rights(bob)).mayOpenRooms, false);
      // Guessing is slowed down.
      const guess = () => ann.request.put(`${keyed.url}/api/v1/session`, { data: { createKey: 'guess' } });
      const answers = [];
      for (let count = 0; count < 15; count += 1) answers.push((await guess()).status());
      assert.ok(answers.includes(403) && answers.at(-1) === 429, answers.join());
      assert.match(keyed.output, /WARN .*wrong key/);
      await host.goto(`${keyed.url}/r/another-vault?lang=en&name=Ann&join=1`);
      await host.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
      await ann.close();
      await bob.close();
    } finally {
      await keyed.stop();
    }
  });
});

/** Is the tile's video shown, or covered by the avatar? */
function showsVideo(page, name) {
  return tile(page, name).locator('video').first().evaluate((element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }));
}

/** A shared screen has a picture; a still one need not move. */
async function seesScreen(page, name) {
  const video = tile(page, name).locator('video').first();
  await video.waitFor({ state: 'visible' });
  await until(`${name} has a picture`, () => video.evaluate((element) => element.videoWidth > 0));
}
