// The meeting UI for everyone: accessible names, keyboard, languages, denied devices, phones.
import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { control, fakeMedia, join, launch, people, quiet, seesVideo, tile } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

describe('the meeting UI', () => {
  let server, browser;
  before(async () => {
    server = await Server.start();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** No violation that axe calls serious or critical. */
  async function accessible(page, view) {
    await page.waitForTimeout(400); // animations end: axe reads colours as they are drawn
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
    assert.deepEqual(serious.map(({ id, nodes }) => `${view}: ${id}: ${nodes[0].html.slice(0, 160)}`), []);
  }

  for (const [colorScheme, lang] of [['light', 'en'], ['dark', 'zh-CN']]) {
    it(`has no serious accessibility violation (${colorScheme}, ${lang})`, async () => {
      const [ann, bob] = await people(browser, 2, { colorScheme });
      const page = await ann.newPage();
      await page.goto(`${server.url}/?lang=${lang}`);
      await page.locator('input').first().waitFor();
      await accessible(page, 'landing');
      await page.goto(`${server.url}/r/axe-${lang}?lang=${lang}&name=Ann`);
      await page.locator('video').first().waitFor();
      await accessible(page, 'pre-join');
      await join(bob, server, `axe-${lang}`, 'Bob');
      await page.goto(`${server.url}/r/axe-${lang}?lang=${lang}&name=Ann&join=1`);
      await page.getByRole('toolbar').waitFor();
      await seesVideo(page, 'Bob');
      await accessible(page, 'meeting');
      await page.keyboard.press('c');
      await page.getByRole('log').waitFor();
      await accessible(page, 'meeting with chat');
      await ann.close();
      await bob.close();
    });
  }

  it('offers the documented names before joining, and devices separately', async () => {
    const [ann] = await people(browser, 1);
    const page = await ann.newPage();
    await page.goto(`${server.url}/?lang=en`);
    await page.getByRole('textbox', { name: 'Room name' }).fill('Named Room');
    await page.getByRole('button', { name: 'Join', exact: true }).click();
    await page.waitForURL(/\/r\/named-room|\/r\/Named/i);
    for (const name of ['Microphone device', 'Camera device', 'Speaker device']) {
      await page.getByRole('combobox', { name }).waitFor();
    }
    const level = page.getByRole('meter', { name: 'Microphone level' });
    await until('the fake microphone beeps', async () => Number(await level.getAttribute('aria-valuenow')) > 0);
    const camera = page.getByRole('button', { name: 'Camera', exact: true });
    const microphone = page.getByRole('button', { name: 'Microphone', exact: true });
    await camera.click();
    assert.equal(await camera.getAttribute('aria-pressed'), 'false');
    assert.equal(await microphone.getAttribute('aria-pressed'), 'true');
    await page.getByRole('textbox', { name: 'Your name' }).fill('Ann');
    await page.getByRole('button', { name: 'Join now' }).click();
    await page.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
    assert.equal(await control(page, 'Camera').getAttribute('aria-pressed'), 'false');
    await control(page, 'Participants').click();
    await page.getByRole('list', { name: 'Participants' }).getByText('Ann').first().waitFor();
    // The name is remembered, by the server's cookie and the browser.
    const again = await ann.newPage();
    await again.goto(`${server.url}/r/elsewhere?lang=en`);
    await until('the name is filled in', async () =>
      (await again.getByRole('textbox', { name: 'Your name' }).inputValue()) === 'Ann');
    await ann.close();
  });

  it('makes unguessable names for new meetings and honours the query', async () => {
    const [ann] = await people(browser, 1);
    const page = await ann.newPage();
    const names = new Set();
    for (let round = 0; round < 3; round += 1) {
      await page.goto(`${server.url}/?lang=en`);
      await page.getByRole('button', { name: 'New meeting' }).click();
      await page.waitForURL(/\/r\/.+/);
      names.add(new URL(page.url()).pathname);
    }
    assert.equal(names.size, 3);
    for (const name of names) assert.ok(name.length >= '/r/'.length + 12, name);
    await page.goto(`${server.url}/r/query?lang=en&name=Ann&join=1&mic=0&cam=0`);
    await page.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
    for (const name of ['Microphone', 'Camera']) {
      assert.equal(await control(page, name).getAttribute('aria-pressed'), 'false');
    }
    await tile(page, 'Ann (you)').waitFor();
    await ann.close();
  });

  it('is operable by keyboard alone', async () => {
    const [ann] = await people(browser, 1);
    const page = await ann.newPage();
    await page.goto(`${server.url}/r/keys?lang=en&name=Ann`);
    const button = page.getByRole('button', { name: 'Join now' });
    await button.waitFor();
    await page.getByRole('textbox', { name: 'Your name' }).press('Enter');
    await page.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
    await page.keyboard.press('m');
    await until('muted', async () => (await control(page, 'Microphone').getAttribute('aria-pressed')) === 'false');
    await page.keyboard.press('c');
    const message = page.getByRole('textbox', { name: 'Message' });
    await message.waitFor();
    await message.fill('');
    await message.pressSequentially('mmm v');
    await message.press('Enter');
    await page.getByRole('log', { name: 'Chat messages' }).getByText('mmm v').waitFor();
    assert.equal(await control(page, 'Microphone').getAttribute('aria-pressed'), 'false', 'letters typed are no shortcuts');
    await page.keyboard.press('Escape');
    const reached = new Set();
    for (let step = 0; step < 40; step += 1) {
      await page.keyboard.press('Tab');
      reached.add(await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent));
    }
    for (const name of ['Microphone', 'Camera', 'Share screen', 'Chat', 'Participants', 'Leave']) {
      assert.ok([...reached].some((label) => label?.includes(name)), `${name} is reached by Tab; reached ${[...reached].join(', ')}`);
    }
    await ann.close();
  });

  it('explains a denied camera and microphone with the way back, and lets people join', async () => {
    const denying = await launch({ args: [...quiet, '--use-fake-device-for-media-stream', '--deny-permission-prompts'] });
    const [ann] = await people(denying, 1, { permissions: [] });
    const page = await ann.newPage();
    await page.goto(`${server.url}/r/denied?lang=en&name=Ann`);
    await page.getByText(/blocked for this page/).first().waitFor();
    await page.getByText(/allow camera and microphone/).first().waitFor();
    await page.getByRole('button', { name: 'Join now' }).click();
    await page.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
    await control(page, 'Camera').click();
    await page.getByText(/camera is blocked/i).first().waitFor();
    await denying.close();
  });

  it('switches devices in the meeting, and falls back and says so when one is unplugged', async () => {
    const rich = await launch({ args: [...quiet, '--use-fake-device-for-media-stream=device-count=3', '--use-fake-ui-for-media-stream'] });
    const [ann, bob] = await people(rich, 2);
    const page = await join(ann, server, 'devices', 'Ann');
    const other = await join(bob, server, 'devices', 'Bob');
    await seesVideo(other, 'Ann');
    const camera = () => page.evaluate(() => {
      const [track] = window.testPeers.flatMap((peer) => peer.getSenders()).map((sender) => sender.track)
        .filter((candidate) => candidate?.kind === 'video');
      return { id: track?.getSettings().deviceId, label: track?.label };
    });
    const first = await camera();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByText('Settings').first().click();
    const choice = page.getByRole('dialog').getByRole('combobox', { name: 'Camera device' });
    // The list fills when the browser has named its devices.
    const wanted = await until('another camera can be chosen', async () => (await choice.locator('option')
      .evaluateAll((options) => options.map((option) => option.value)))
      .findLast((value) => value && value !== first.id));
    await choice.selectOption(wanted);
    await until('another camera is sent', async () => (await camera()).id === wanted);
    await page.keyboard.press('Escape');
    await seesVideo(other, 'Ann');
    assert.equal(await page.evaluate(() => window.testPeers.length), 1);

    // What a browser does when a camera is unplugged: it vanishes from the list and its track ends.
    const second = await camera();
    await page.evaluate(async (gone) => {
      const list = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
      navigator.mediaDevices.enumerateDevices = async () => (await list()).filter(({ deviceId }) => deviceId !== gone);
      for (const sender of window.testPeers.flatMap((peer) => peer.getSenders())) {
        if (sender.track?.getSettings().deviceId !== gone) continue;
        const { track } = sender;
        track.stop();
        track.dispatchEvent(new Event('ended'));
      }
      navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
    }, second.id);
    await page.getByText(`Camera unplugged: ${second.label}`).first().waitFor();
    await page.getByText(/Now using fake/).first().waitFor();
    await until('the fallback is sent', async () => ![undefined, second.id].includes((await camera()).id));
    await seesVideo(other, 'Ann');
    await rich.close();
  });

  it('says that an insecure page gets no camera', async () => {
    const plain = await Server.start(['--tls', 'off']);
    try {
      const [ann] = await people(await launch({ args: [...quiet, ...fakeMedia, '--host-resolver-rules=MAP insecure.test 127.0.0.1'] }), 1, { permissions: [] });
      const page = await ann.newPage();
      await page.goto(`http://insecure.test:${plain.port}/r/plain?lang=en&name=Ann`);
      await page.getByText('Camera and microphone need a secure page').first().waitFor();
      await page.getByRole('button', { name: 'Join now' }).click();
      await page.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
      await ann.browser().close();
    } finally {
      await plain.stop();
    }
  });

  it('refuses a name of 10,000 characters in words and keeps everything else', async () => {
    const [ann] = await people(browser, 1);
    const page = await ann.newPage();
    await page.goto(`${server.url}/r/long?lang=en&name=${'x'.repeat(5_000)}&join=1`);
    const toolbar = page.getByRole('toolbar', { name: 'Meeting controls' });
    const words = page.getByText(/name cannot be used|up to 64/).first();
    await toolbar.or(words).first().waitFor();
    await page.goto(`${server.url}/r/${'y'.repeat(3_000)}?lang=en&name=Ann&join=1`);
    await page.getByText(/room name cannot be used/i).first().waitFor();
    await ann.close();
  });

  it('fits a phone: tiles take at least 75 % of the stage, controls stay on the screen', async () => {
    const [ann] = await people(browser, 1, phone);
    const [bob] = await people(browser, 1);
    const page = await join(ann, server, 'phone', 'Ann');
    await join(bob, server, 'phone', 'Bob');
    await seesVideo(page, 'Bob');
    await page.waitForTimeout(500);
    const { covered, overflow, outside } = await page.evaluate(() => {
      const stage = document.querySelector('[role=group]').parentElement.getBoundingClientRect();
      const tiles = [...document.querySelectorAll('[role=group] video')].map((video) => video.closest('[role=group]').getBoundingClientRect());
      const grid = 60;
      let hits = 0;
      for (let x = 0; x < grid; x += 1) for (let y = 0; y < grid; y += 1) {
        const [px, py] = [stage.left + ((x + 0.5) / grid) * stage.width, stage.top + ((y + 0.5) / grid) * stage.height];
        if (tiles.some((tile) => px >= tile.left && px <= tile.right && py >= tile.top && py <= tile.bottom)) hits += 1;
      }
      const buttons = [...document.querySelectorAll('[role=toolbar] button')].map((button) => button.getBoundingClientRect());
      return {
        covered: hits / grid ** 2,
        overflow: document.documentElement.scrollWidth > window.innerWidth,
        outside: buttons.filter((box) => box.width && (box.left < 0 || box.right > window.innerWidth || box.bottom > window.innerHeight)).length,
      };
    });
    assert.ok(covered >= 0.75, `tiles cover ${Math.round(covered * 100)} % of the stage`);
    assert.equal(overflow, false);
    assert.equal(outside, 0);
    await ann.close();
    await bob.close();
  });
});
