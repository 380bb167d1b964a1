// What makes a meeting easy: talking while a key is held, hints of a microphone that nobody hears, a rehearsal before
// joining, and all of it by keyboard.
import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { control, fakeMedia, join, launch, noErrors, people, quiet, seesVideo, tile } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

const PATIENCE_MS = 30_000;

/**
 * A microphone whose voice the test turns up and down (`window.voice.gain`), as the system's choice; a device that is
 * asked for by its id is Chromium's own, which beeps. `window.microphones` has all tracks that were opened.
 */
const voice = (context) => context.addInitScript(() => {
  const { mediaDevices } = navigator;
  if (!mediaDevices) return; // an empty page, before or beside the meeting's
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  window.microphones = [];
  mediaDevices.getUserMedia = async ({ audio, video }) => {
    const pictures = video ? (await open({ video })).getVideoTracks() : [];
    if (!audio) return new MediaStream(pictures);
    const named = audio.deviceId?.exact !== undefined;
    const tracks = named ? (await open({ audio })).getAudioTracks() : [speak()];
    window.microphones.push(...tracks);
    return new MediaStream([...tracks, ...pictures]);
  };
  const speak = () => {
    const sound = new AudioContext();
    const [tone, volume, out] = [sound.createOscillator(), sound.createGain(), sound.createMediaStreamDestination()];
    volume.gain.value = window.voice?.gain.value ?? 0;
    tone.connect(volume).connect(out);
    tone.start();
    window.voice = volume;
    return out.stream.getAudioTracks()[0];
  };
});
/** Notes that the page plays, by their frequency: `window.notes`. */
const noteNotes = (context) => context.addInitScript(() => {
  window.notes = [];
  const { start } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function noted(...when) {
    window.notes.push(Math.round(this.frequency.value));
    return start.apply(this, when);
  };
});
const speaks = (page, gain) => page.evaluate((gain) => { window.voice.gain.value = gain; }, gain);
const opened = (page) => page.evaluate(() => window.microphones.length);
const live = (page) => page.evaluate(() => window.microphones.filter(({ readyState }) => readyState === 'live').length);
/** Also behind a dialog, which hides the rest of the page from roles. */
const micOn = async (page) => (await page.getByRole('button', { name: 'Microphone', exact: true, includeHidden: true })
  .first().getAttribute('aria-pressed')) === 'true';
const muted = (page) => until('muted', async () => !(await micOn(page)));
/** Energy of what was played of the others' sound. */
const energy = (page) => page.evaluate(async () => {
  let sum = 0;
  for (const peer of window.testPeers) {
    for (const { type, kind, totalAudioEnergy } of (await peer.getStats()).values()) {
      if (type === 'inbound-rtp' && kind === 'audio') sum += totalAudioEnergy ?? 0;
    }
  }
  return sum;
});
/** How long until this page hears something, in milliseconds. */
const hears = async (page, from = Date.now()) => {
  const before = await energy(page);
  await until('something is heard', async () => (await energy(page)) > before + 0.001, PATIENCE_MS);
  return Date.now() - from;
};
const hearsNothing = async (page) => {
  // What is on its way still comes.
  await until('it is quiet', async () => {
    const before = await energy(page);
    await page.waitForTimeout(400);
    return (await energy(page)) - before < 0.0005;
  }, PATIENCE_MS);
};
const sends = (page) => page.evaluate(() => window.testPeers
  .flatMap((peer) => peer.getSenders()).filter(({ track }) => track?.kind === 'audio').length);

/** No violation that axe calls serious or critical. */
async function accessible(page, view) {
  await page.waitForTimeout(400); // animations end: axe reads colours as they are drawn
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
  assert.deepEqual(serious.map(({ id, nodes }) => `${view}: ${id}: ${nodes[0].html.slice(0, 160)}`), []);
}

describe('a comfortable meeting', () => {
  let server, browser, contexts, ann, bob;
  const pill = () => ann.getByRole('status', { name: 'Push to talk' });
  const hint = (title) => ann.locator('.toast').filter({ hasText: title });
  before(async () => {
    server = await Server.start();
    browser = await launch({ args: [...quiet, ...fakeMedia, '--autoplay-policy=no-user-gesture-required'] });
    contexts = await people(browser, 2);
    await voice(contexts[0]);
    await noteNotes(contexts[0]);
    bob = await join(contexts[1], server, 'comfort', 'Bob', '&mic=0');
    ann = await join(contexts[0], server, 'comfort', 'Ann', '&mic=0');
    await seesVideo(ann, 'Bob', PATIENCE_MS);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('lets one talk while the space bar is held: the other hears it, and nothing after', async () => {
    assert.equal(await opened(ann), 0, 'who is muted from the start has no open microphone');
    await ann.keyboard.down('Space');
    await pill().getByText('You are heard').waitFor();
    await until('on', () => micOn(ann));
    await speaks(ann, 0.4);
    await hears(bob);
    await accessible(ann, 'while talking');
    await ann.keyboard.up('Space');
    await muted(ann);
    await until('nothing says that one is heard', async () => (await pill().textContent()) === '');
    await until('nothing is sent', async () => (await sends(ann)) === 0);
    await hearsNothing(bob);
  });

  it('does not clip the next first word: the microphone is open still', async () => {
    assert.equal(await live(ann), 1);
    const from = Date.now();
    await ann.keyboard.down('Space');
    const milliseconds = await hears(bob, from);
    console.log(`heard ${milliseconds} ms after the space bar went down, measuring included`);
    await ann.keyboard.up('Space');
    assert.equal(await opened(ann), 1, 'no device was opened anew');
    await muted(ann);
    await hearsNothing(bob);
  });

  it('ends talking when the window loses the focus', async () => {
    await ann.keyboard.down('Space');
    await until('on', () => micOn(ann));
    await ann.evaluate(() => window.dispatchEvent(new Event('blur')));
    await muted(ann);
    await ann.keyboard.up('Space');
    await muted(ann);
  });

  it('leaves the space bar to fields, to buttons the keyboard has reached, and to dialogs', async () => {
    await ann.keyboard.press('c');
    const message = ann.getByRole('textbox', { name: 'Message' });
    await message.pressSequentially('a b');
    assert.equal(await message.inputValue(), 'a b');
    assert.equal(await micOn(ann), false);
    await message.fill('');
    await ann.keyboard.press('Tab');
    await control(ann, 'Camera').focus();
    await ann.keyboard.press('Space');
    await until('the camera is off', async () => (await control(ann, 'Camera').getAttribute('aria-pressed')) === 'false');
    await ann.keyboard.press('Space');
    await until('the camera is on', async () => (await control(ann, 'Camera').getAttribute('aria-pressed')) === 'true');
    await control(ann, 'Chat').click();
    await ann.keyboard.press('?');
    await ann.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await ann.keyboard.down('Space');
    assert.equal(await micOn(ann), false);
    await ann.keyboard.up('Space');
    await ann.keyboard.press('Escape');
  });

  it('talks, too, right after a click on a button, and does not press that button again', async () => {
    await control(ann, 'Microphone').click();
    await until('on', () => micOn(ann));
    await control(ann, 'Microphone').click();
    await until('off', async () => !(await micOn(ann)));
    await ann.keyboard.down('Space');
    await until('on', () => micOn(ann));
    await ann.keyboard.up('Space');
    await muted(ann);
    await ann.waitForTimeout(200);
    assert.equal(await micOn(ann), false);
    await speaks(ann, 0);
  });

  it('tells who talks while muted, once a minute, and sends nothing of it', async () => {
    await hint('You are muted').getByRole('button', { name: 'Dismiss' }).click({ timeout: 500 }).catch(() => undefined);
    // The minute since a hint that the tests before may have caused.
    await ann.reload();
    await ann.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
    await tile(ann, 'Bob').waitFor();
    await ann.keyboard.press('m');
    await until('on', () => micOn(ann));
    await ann.keyboard.press('m');
    await until('off', async () => !(await micOn(ann)));
    assert.equal(await live(ann), 1, 'it listens');
    await speaks(ann, 0.4);
    const told = hint('You are muted');
    await told.waitFor();
    assert.equal(await sends(ann), 0);
    assert.equal(await tile(ann, 'Ann (you)').getAttribute('data-speaking'), 'false');
    await told.getByRole('button', { name: 'Unmute' }).click();
    await until('on', () => micOn(ann));
    await told.waitFor({ state: 'detached' });
    await hears(bob);
    await ann.keyboard.press('m');
    await until('off', async () => !(await micOn(ann)));
    await ann.waitForTimeout(2_500);
    assert.equal(await told.count(), 0, 'not again within a minute');
  });

  it('closes a muted microphone at once for those who do not want that', async () => {
    await ann.getByRole('button', { name: 'More', exact: true }).click();
    await ann.getByRole('button', { name: 'Settings', exact: true }).click();
    const settings = ann.getByRole('dialog', { name: 'Settings' });
    await settings.getByRole('switch', { name: /Tell me when I talk while muted/ }).click();
    await until('it is closed', async () => (await live(ann)) === 0);
    await settings.getByRole('switch', { name: /Hold space to talk/ }).click();
    await accessible(ann, 'settings');
    await ann.keyboard.press('Escape');
    await settings.waitFor({ state: 'detached' });
    await ann.evaluate(() => document.activeElement.blur());
    await ann.keyboard.down('Space');
    await ann.waitForTimeout(300);
    assert.equal(await micOn(ann), false);
    await ann.keyboard.up('Space');
    await ann.keyboard.press('m');
    await until('on', () => micOn(ann));
    await ann.keyboard.press('m');
    await until('it is closed', async () => (await live(ann)) === 0);
  });

  it('notices a microphone that delivers nothing, and offers another one', async () => {
    await speaks(ann, 0);
    await ann.keyboard.press('m');
    await until('on', () => micOn(ann));
    await speaks(ann, 0);
    const told = hint('No sound comes from your microphone');
    await told.waitFor({ timeout: PATIENCE_MS });
    await accessible(ann, 'a hint'); // of both; the other one goes by itself while axe still reads
    // It goes by itself when sound comes.
    await speaks(ann, 0.2);
    await told.waitFor({ state: 'detached' });
    await speaks(ann, 0);
    await told.waitFor({ timeout: PATIENCE_MS });
    await told.getByRole('button', { name: /^Use “.*fake.*”$/i }).click();
    await told.waitFor({ state: 'detached' });
    await until('the other one is open', async () => (await ann.evaluate(() =>
      window.microphones.findLast(({ readyState }) => readyState === 'live')?.label)).toLowerCase().includes('fake'));
    assert.equal(await micOn(ann), true);
    await hears(bob);
    noErrors(contexts[0]);
  });

  it('sounds when somebody comes or goes, unless that is not wanted', async () => {
    const [coming, going] = [[587, 880], [659, 440]];
    const notes = () => ann.evaluate(() => window.notes.splice(0));
    const becomes = (what, wanted) => until(what, async () => `${await notes()}` === `${wanted}`);
    const [context] = await people(browser, 1);
    await notes();
    const cyd = await join(context, server, 'comfort', 'Cyd', '&mic=0');
    await becomes('a coming is heard', coming);
    await ann.waitForTimeout(2_000); // the pause between two of them
    await control(cyd, 'Leave').click();
    await becomes('a going is heard', going);
    await ann.waitForTimeout(2_000);
    await ann.getByRole('button', { name: 'More', exact: true }).click();
    await ann.getByRole('button', { name: 'Settings', exact: true }).click();
    await ann.getByRole('switch', { name: /Sounds when people come and go/ }).click();
    await ann.keyboard.press('Escape');
    await join(context, server, 'comfort', 'Cyd', '&mic=0');
    await tile(ann, 'Cyd').waitFor();
    await ann.waitForTimeout(500);
    assert.deepEqual(await notes(), []);
    await context.close();
  });

  it('is led by the keyboard alone, from joining to leaving', async () => {
    const [context] = await people(browser, 1);
    const page = await context.newPage();
    const tabTo = async (locator) => {
      await until(`the focus reaches ${locator}`, async () => {
        if (await locator.evaluate((element) => element === document.activeElement).catch(() => false)) return true;
        await page.keyboard.press('Tab');
        return false;
      }, PATIENCE_MS);
    };
    await page.goto(`${server.url}/r/keyboard?lang=en`);
    await tabTo(page.getByRole('textbox', { name: 'Your name' }));
    await page.keyboard.type('Kim');
    await tabTo(page.getByRole('button', { name: 'Join now' }));
    await page.keyboard.press('Enter');
    await page.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
    const guest = await join(contexts[1], server, 'keyboard', 'Guest');
    await tile(page, 'Guest').waitFor();
    // The host's settings, by the menu.
    await tabTo(page.getByRole('button', { name: 'More', exact: true }));
    await page.keyboard.press('Enter');
    await tabTo(page.getByRole('button', { name: 'Meeting settings' }));
    await page.keyboard.press('Enter');
    const lock = page.getByRole('switch', { name: /Lock the meeting/ });
    await tabTo(lock);
    await page.keyboard.press('Space');
    await until('it is locked', () => lock.isChecked());
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    // Whoever disturbs is sent away.
    await page.keyboard.press('p');
    await tabTo(page.getByRole('button', { name: 'Actions for Guest' }));
    await page.keyboard.press('Enter');
    await tabTo(page.getByRole('dialog').getByRole('button', { name: 'Remove…' }));
    await page.keyboard.press('Enter');
    await tabTo(page.getByRole('dialog', { name: 'Remove Guest?' }).getByRole('button', { name: 'Remove', exact: true }));
    await page.keyboard.press('Enter');
    await guest.getByText('You were removed from this meeting').waitFor();
    await tabTo(control(page, 'Microphone'));
    const reached = new Set();
    for (let step = 0; step < 12; step += 1) {
      reached.add(await page.evaluate(() => document.activeElement.getAttribute('aria-label')));
      await page.keyboard.press('ArrowRight');
    }
    for (const name of ['Microphone', 'Camera', 'Share screen', 'Chat', 'Participants', 'More', 'Leave']) {
      assert.ok(reached.has(name), `${name} is not reached: ${[...reached]}`);
    }
    await tabTo(control(page, 'Leave'));
    await page.keyboard.press('Enter');
    await page.getByText('You left the meeting').waitFor();
    await context.close();
  });

  for (const [lang, title, words] of [
    ['en', 'Keyboard shortcuts', ['Space', 'Talk while it is held, when you are muted', 'Mute or unmute', 'Tab', 'Esc']],
    ['zh-CN', '快捷键', ['空格', '静音时按住即可说话', '静音或取消静音', 'Tab', 'Esc']],
  ]) {
    it(`lists its keys (${lang})`, async () => {
      const [context] = await people(browser, 1, { colorScheme: lang === 'en' ? 'dark' : 'light' });
      const page = await context.newPage();
      await page.goto(`${server.url}/r/keys-${lang}?lang=${lang}&name=Ann&join=1`);
      await page.getByRole('toolbar').waitFor();
      await page.keyboard.press('?');
      const sheet = page.getByRole('dialog');
      await sheet.waitFor();
      const text = await sheet.textContent();
      for (const word of [title, ...words]) assert.ok(text.includes(word), `${word} is not in: ${text}`);
      await accessible(page, `shortcuts (${lang})`);
      await context.close();
    });
  }
});

describe('a rehearsal', () => {
  let server, browser;
  before(async () => {
    server = await Server.start();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** What is played: moves on, and has sound and picture. */
  const played = (page) => page.getByLabel('Your recording').evaluate((video) => ({
    at: video.currentTime, paused: video.paused, width: video.videoWidth,
    audio: video.webkitAudioDecodedByteCount, picture: video.webkitVideoDecodedByteCount,
  }));

  for (const colorScheme of ['light', 'dark']) {
    it(`plays what was recorded, picture and sound, as often as one likes (${colorScheme})`, async () => {
      const [context] = await people(browser, 1, { colorScheme });
      const page = await context.newPage();
      await page.goto(`${server.url}/r/rehearsal?lang=en&name=Ann`);
      await page.getByRole('button', { name: 'Record a short test' }).click();
      const dialog = page.getByRole('dialog', { name: 'How you look and sound' });
      await dialog.waitFor();
      const level = dialog.getByRole('meter', { name: 'Microphone level' });
      await until('the level is shown', async () => Number(await level.getAttribute('aria-valuenow')) > 0);
      await accessible(page, 'rehearsal');
      await dialog.getByRole('button', { name: 'Record', exact: true }).click();
      await dialog.getByText('Say a few words now').waitFor();
      const begun = Date.now();
      await dialog.getByText('This is how the others will see and hear you').waitFor();
      assert.ok(Date.now() - begun > 2_000, 'it recorded for about three seconds');
      await until('it plays', async () => {
        const { at, width, audio, picture } = await played(page);
        return at > 0.5 && width > 0 && audio > 0 && picture > 0;
      });
      await until('it ends', async () => (await played(page)).paused);
      await accessible(page, 'rehearsal, played');
      await dialog.getByRole('button', { name: 'Play again' }).click();
      await dialog.getByRole('button', { name: 'Stop playing' }).click();
      await until('it is stopped', async () => (await played(page)).paused);
      await dialog.getByRole('button', { name: 'Record again' }).click();
      await dialog.getByRole('button', { name: 'Stop', exact: true }).click();
      await dialog.getByRole('button', { name: 'Record', exact: true }).waitFor();
      await dialog.getByRole('button', { name: 'Done' }).click();
      await dialog.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Join now' }).click();
      await page.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
      noErrors(context);
      await context.close();
    });
  }

  it('needs no camera, and says what is missing when all is off', async () => {
    const [context] = await people(browser, 1);
    const page = await context.newPage();
    await page.goto(`${server.url}/r/rehearsal?lang=en&name=Ann&cam=0`);
    const open = page.getByRole('button', { name: 'Record a short test' });
    await open.click();
    const dialog = page.getByRole('dialog', { name: 'How you look and sound' });
    await dialog.getByRole('button', { name: 'Record', exact: true }).click();
    await dialog.getByText('This is how the others will hear you').waitFor();
    await until('it plays', async () => (await played(page)).at > 0.5 && (await played(page)).audio > 0);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Microphone', exact: true }).click();
    await open.click();
    await dialog.getByText('Microphone and camera are off').waitFor();
    assert.equal(await dialog.getByRole('button', { name: 'Record', exact: true }).isDisabled(), true);
    await context.close();
  });
});
