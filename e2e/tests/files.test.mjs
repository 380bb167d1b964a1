// Files and pictures in the chat: from disk to disk between real browsers, by way of each other and of the server.
import AxeBuilder from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, mkdtempSync, openSync, closeSync, ftruncateSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { control, join, launch, noErrors, people, quiet, fakeMedia, seesVideo, tile } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

const MB = 1_000_000;
const PATIENCE_MS = 60_000;
/** The large file; `FILES_MB=1024` for the one that would not fit anywhere if it were kept in memory. */
const LARGE_BYTES = Number(process.env.FILES_MB ?? 64) * 1024 * 1024;
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

const digestOf = async (file) => {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file)) hash.update(piece);
  return hash.digest('hex');
};
const log = (page) => page.getByRole('log');
const card = (page, name) => log(page).locator('.file', { hasText: name });
const openChat = async (page) => {
  if (!(await log(page).isVisible())) await control(page, 'Chat').click();
  await log(page).waitFor();
};
/** As by the button beside the message box. */
const choose = async (page, files) => {
  await openChat(page);
  await page.locator('.message-box input[type=file]').setInputFiles(files);
};
const share = (page) => page.getByRole('region', { name: 'Files to share' }).getByRole('button', { name: 'Share', exact: true }).click();
const get = (page, name) => card(page, name).getByRole('button', { name: `Get ${name}` }).click();
const progress = async (page, name) => {
  const bar = card(page, name).getByRole('progressbar');
  return (await bar.count()) ? Number(await bar.getAttribute('aria-valuenow').catch(() => NaN)) : undefined;
};
/** With plain blanks. */
const status = async (page, name) => (await card(page, name).locator('.file-status').textContent())?.replace(/\s/g, ' ');
const says = (page, name, words, patience = PATIENCE_MS) =>
  until(`${name} says ${words}`, async () => words.test((await status(page, name).catch(() => '')) ?? ''), patience);
/** Bars that were seen on their way. */
const watchProgress = (page, name) => {
  const seen = new Set();
  let over = false;
  const watching = (async () => {
    while (!over) {
      const value = await progress(page, name);
      if (value > 0 && value < 100) seen.add(value);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return async () => {
    over = true;
    await watching;
    return seen.size;
  };
};
/** Browsers without a dialog for saving, as Firefox and Safari are: what is fetched ends in the downloads. */
const withoutPicker = (context) => context.addInitScript(() => {
  window.showSaveFilePicker = undefined;
});
/** A disk that takes its time, so that there is a middle in which things can happen. */
const slowDisk = (context, milliseconds) => context.addInitScript((milliseconds) => {
  if (!window.FileSystemWritableFileStream) return; // an empty page, before or beside the meeting's
  const { write } = FileSystemWritableFileStream.prototype;
  FileSystemWritableFileStream.prototype.write = async function (...data) {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return write.apply(this, data);
  };
}, milliseconds);
const sitsIn = (context, server, room, name) => join(context, server, room, name, '&mic=0&cam=0');

describe('files in the chat', () => {
  let server, browser, folder;
  before(async () => {
    folder = mkdtempSync(path(tmpdir(), 'kaigi-files-'));
    server = await Server.start();
    browser = await launch({ args: [...quiet, ...fakeMedia] });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const random = (name, bytes) => {
    const file = path(folder, name);
    writeFileSync(file, randomBytes(bytes));
    return file;
  };

  it('go from disk to disk between two, with progress on both sides, and are what they were', async () => {
    const [ann, bob] = await people(browser, 2);
    await withoutPicker(bob);
    await slowDisk(bob, 200);
    const [a, b] = [await sitsIn(ann, server, 'direct', 'Ann'), await sitsIn(bob, server, 'direct', 'Bob')];
    await tile(a, 'Bob').waitFor();
    const file = random('twenty.bin', 20 * MB);
    await choose(a, file);
    await share(a);
    await openChat(b);
    await says(a, 'twenty.bin', /20\.0 MB · Nobody has fetched it yet/);
    const seen = [watchProgress(a, 'twenty.bin'), watchProgress(b, 'twenty.bin')];
    const download = b.waitForEvent('download', { timeout: PATIENCE_MS });
    await get(b, 'twenty.bin');
    await says(b, 'twenty.bin', /of 20\.0 MB · .*\/s/);
    await says(a, 'twenty.bin', /Sending to 1 person/);
    const saved = await download;
    assert.equal(saved.suggestedFilename(), 'twenty.bin');
    assert.equal(await digestOf(await saved.path()), await digestOf(file));
    await says(b, 'twenty.bin', /Saved/);
    await says(a, 'twenty.bin', /Fetched by 1 of 1/);
    for (const count of seen) assert.ok((await count()) > 1, 'progress was seen');
    noErrors(ann);
    noErrors(bob);
    await ann.close();
    await bob.close();
  });

  it('go on where they were when a third joins in the middle and everything goes through the server', async () => {
    const [ann, bob, cyd] = await people(browser, 3);
    await withoutPicker(bob);
    await slowDisk(bob, 400);
    const [a, b] = [await sitsIn(ann, server, 'third', 'Ann'), await sitsIn(bob, server, 'third', 'Bob')];
    await tile(a, 'Bob').waitFor();
    const file = random('fifty.bin', 50 * MB);
    await choose(a, file);
    await share(a);
    await openChat(b);
    await card(b, 'fifty.bin').waitFor();
    const download = b.waitForEvent('download', { timeout: 2 * PATIENCE_MS });
    await get(b, 'fifty.bin');
    await until('some of it is here', async () => (await progress(b, 'fifty.bin')) >= 5, PATIENCE_MS);
    const c = await sitsIn(cyd, server, 'third', 'Cyd');
    await b.getByRole('status', { name: 'Connection' }).filter({ hasText: 'Server' }).waitFor({ timeout: PATIENCE_MS });
    const then = await progress(b, 'fifty.bin');
    assert.ok(then >= 5 && then < 100, `the change came in the middle: at ${then} %`);
    const saved = await download;
    assert.equal(await digestOf(await saved.path()), await digestOf(file));
    await says(a, 'fifty.bin', /Fetched by 1 of 2/);
    // Who came later finds it in the chat, and gets it through the server from the beginning.
    await c.evaluate(() => (window.showSaveFilePicker = undefined));
    await openChat(c);
    const again = c.waitForEvent('download', { timeout: 2 * PATIENCE_MS });
    await get(c, 'fifty.bin');
    assert.equal(await digestOf(await (await again).path()), await digestOf(file));
    await says(a, 'fifty.bin', /Fetched by 2 of 2/);
    for (const context of [ann, bob, cyd]) await context.close();
  });

  it('say what happened when their sender reloads the page in the middle, or leaves', async () => {
    const [ann, bob] = await people(browser, 2);
    await withoutPicker(bob);
    await slowDisk(bob, 400);
    const [a, b] = [await sitsIn(ann, server, 'gone', 'Ann'), await sitsIn(bob, server, 'gone', 'Bob')];
    await tile(a, 'Bob').waitFor();
    await choose(a, random('lost.bin', 20 * MB));
    await share(a);
    await openChat(b);
    await get(b, 'lost.bin');
    await until('some of it is here', async () => (await progress(b, 'lost.bin')) > 0, PATIENCE_MS);
    await a.reload();
    await says(b, 'lost.bin', /No longer available: the sender has left or reloaded the page/);
    assert.equal(await card(b, 'lost.bin').getByRole('button').count(), 0);
    await a.getByRole('toolbar', { name: 'Meeting controls' }).waitFor();
    await openChat(a);
    await says(a, 'lost.bin', /No longer available/);
    await choose(a, random('later.bin', 1000));
    await share(a);
    await card(b, 'later.bin').getByRole('button', { name: 'Get later.bin' }).waitFor();
    await control(a, 'Leave').click();
    await says(b, 'later.bin', /No longer available/);
    await ann.close();
    await bob.close();
  });

  it('are stopped by either side, and go into a file of the user’s where the browser asks for one', async () => {
    const [ann, bob] = await people(browser, 2);
    await bob.addInitScript(() => {
      // The dialog, answered: a file that can be looked at afterwards.
      window.showSaveFilePicker = async ({ suggestedName }) => {
        const root = await navigator.storage.getDirectory();
        window.chosen = await root.getFileHandle(`chosen ${suggestedName}`, { create: true });
        return window.chosen;
      };
    });
    await slowDisk(bob, 400);
    const [a, b] = [await sitsIn(ann, server, 'stopped', 'Ann'), await sitsIn(bob, server, 'stopped', 'Bob')];
    await tile(a, 'Bob').waitFor();
    const file = random('stop.bin', 20 * MB);
    const small = random('small.bin', 100_000);
    await choose(a, [file, small]);
    await share(a);
    await openChat(b);
    await get(b, 'stop.bin');
    await until('some of it is here', async () => (await progress(b, 'stop.bin')) > 0, PATIENCE_MS);
    await card(b, 'stop.bin').getByRole('button', { name: 'Cancel stop.bin' }).click();
    await says(b, 'stop.bin', /Cancelled/);
    await says(a, 'stop.bin', /Nobody has fetched it yet/);
    await get(b, 'small.bin');
    await says(b, 'small.bin', /Saved/);
    const content = await b.evaluate(async () => [...new Uint8Array(await (await window.chosen.getFile()).arrayBuffer())]);
    assert.equal(createHash('sha256').update(Uint8Array.from(content)).digest('hex'), await digestOf(small));
    await get(b, 'stop.bin');
    await until('some of it is here', async () => (await progress(b, 'stop.bin')) > 0, PATIENCE_MS);
    await card(a, 'stop.bin').getByRole('button', { name: 'Stop sharing stop.bin' }).click();
    await says(b, 'stop.bin', /No longer shared/);
    await says(a, 'stop.bin', /No longer shared/);
    await ann.close();
    await bob.close();
  });

  it('are dropped onto the meeting, for all or for one', async () => {
    const [ann, bob, cyd] = await people(browser, 3);
    const [a, b, c] = await Promise.all([[ann, 'Ann'], [bob, 'Bob'], [cyd, 'Cyd']].map(([context, name]) =>
      sitsIn(context, server, 'drop', name)));
    for (const name of ['Bob', 'Cyd']) await tile(a, name).waitFor();
    await a.locator('.message-box, .stage').first().waitFor();
    await openChat(a);
    await a.getByRole('button', { name: 'Share files' }).waitFor();
    const data = await a.evaluateHandle(() => {
      const data = new DataTransfer();
      data.items.add(new File(['secret'], 'note.txt', { type: 'text/plain' }));
      return data;
    });
    await a.dispatchEvent('.meeting', 'dragenter', { dataTransfer: data });
    await a.getByText('Everyone in the meeting will be able to get these files.').waitFor();
    await a.dispatchEvent('.meeting', 'drop', { dataTransfer: data });
    const tray = a.getByRole('region', { name: 'Files to share' });
    await tray.getByText('note.txt').waitFor();
    assert.equal(await a.getByText('Drop to share').count(), 0);
    await tray.getByRole('combobox', { name: 'For' }).selectOption('Bob');
    await share(a);
    await says(a, 'note.txt', /Nobody has fetched it yet/);
    await card(a, 'note.txt').getByText('Only for Bob').waitFor();
    await openChat(b);
    await card(b, 'note.txt').getByText('Only for you').waitFor();
    await choose(a, { name: 'all.txt', mimeType: 'text/plain', buffer: Buffer.from('all') });
    await share(a);
    await openChat(c);
    await card(c, 'all.txt').waitFor();
    assert.equal(await card(c, 'note.txt').count(), 0, 'the other does not hear of it');
    for (const context of [ann, bob, cyd]) await context.close();
  });

  it('that are pictures are pasted or taken from a tile, come by themselves, and open large', async () => {
    const [ann, bob] = await people(browser, 2);
    const [a, b] = [await sitsIn(ann, server, 'pictures', 'Ann'), await join(bob, server, 'pictures', 'Bob', '&mic=0')];
    await seesVideo(a, 'Bob');
    await tile(a, 'Bob').hover();
    await tile(a, 'Bob').getByRole('button', { name: 'Picture of this into the chat' }).click();
    const tray = a.getByRole('region', { name: 'Files to share' });
    await tray.getByText(/^Bob \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.jpg$/).waitFor();
    await a.getByRole('textbox', { name: 'Message' }).focus();
    await a.evaluate(async () => {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [320, 200];
      const pen = canvas.getContext('2d');
      pen.fillStyle = 'rebeccapurple';
      pen.fillRect(0, 0, 320, 200);
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
      const data = new DataTransfer();
      data.items.add(new File([blob], 'image.png', { type: 'image/png' }));
      document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    });
    await tray.getByText(/^image \d{4}.*\.png$/).waitFor();
    await share(a);
    await openChat(b);
    const thumbnails = log(b).getByRole('button', { name: /^Show .* large$/ });
    await until('both pictures are here', async () => (await thumbnails.count()) === 2, PATIENCE_MS);
    const sizes = await until('they are drawn', async () => {
      const all = await log(b).locator('.file-picture img').evaluateAll((images) => images.map((image) => image.naturalWidth));
      return all.length === 2 && all.every((width) => width > 0) && all;
    }, PATIENCE_MS);
    assert.equal(sizes[1], 320);
    await thumbnails.last().click();
    const dialog = b.getByRole('dialog', { name: /^image .*\.png$/ });
    await dialog.waitFor();
    await until('it is drawn', async () => (await dialog.locator('img').evaluate((image) => image.naturalWidth)) === 320);
    await b.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await says(a, '.png', /Fetched by 1 of 1/);
    noErrors(ann);
    noErrors(bob);
    await ann.close();
    await bob.close();
  });

  it('that are documents are never shown, whatever they say they are', async () => {
    const [ann, bob] = await people(browser, 2);
    const [a, b] = [await sitsIn(ann, server, 'inline', 'Ann'), await sitsIn(bob, server, 'inline', 'Bob')];
    await tile(a, 'Bob').waitFor();
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>top.hacked = 1</script></svg>');
    await choose(a, [
      { name: 'drawing.svg', mimeType: 'image/svg+xml', buffer: svg },
      { name: 'page.html', mimeType: 'text/html', buffer: Buffer.from('<script>top.hacked = 1</script>') },
      { name: 'liar.png', mimeType: 'image/png', buffer: svg },
    ]);
    await share(a);
    await openChat(b);
    for (const name of ['drawing.svg', 'page.html']) {
      await card(b, name).getByRole('button', { name: `Get ${name}` }).waitFor();
    }
    await card(b, 'liar.png').getByRole('button', { name: 'Save liar.png' }).waitFor({ timeout: PATIENCE_MS });
    assert.equal(await log(b).locator('.file-picture').count(), 0);
    for (const page of [a, b]) assert.equal(await page.evaluate(() => window.hacked), undefined);
    await ann.close();
    await bob.close();
  });

  it(`of ${LARGE_BYTES / 1024 / 1024} MB never are in memory`, { timeout: 900_000 }, async () => {
    const [ann, bob] = await people(browser, 2);
    await withoutPicker(bob);
    const [a, b] = [await sitsIn(ann, server, 'large', 'Ann'), await sitsIn(bob, server, 'large', 'Bob')];
    await tile(a, 'Bob').waitFor();
    const file = path(folder, 'large.bin');
    const handle = openSync(file, 'w');
    ftruncateSync(handle, LARGE_BYTES);
    for (let at = 0; at < LARGE_BYTES; at += 16 * 1024 * 1024) writeSync(handle, randomBytes(64 * 1024), 0, 64 * 1024, at);
    closeSync(handle);
    await choose(a, file);
    await share(a);
    await openChat(b);
    await card(b, 'large.bin').waitFor();
    const heaps = await Promise.all([ann.newCDPSession(a), bob.newCDPSession(b)]);
    const used = async (session) => {
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize, backingStorageSize = 0 } = await session.send('Runtime.getHeapUsage');
      return (usedSize + backingStorageSize) / MB;
    };
    const before = await Promise.all(heaps.map(used));
    const began = Date.now();
    const most = [0, 0];
    let done = false;
    const download = b.waitForEvent('download', { timeout: 850_000 });
    await get(b, 'large.bin');
    const sampling = (async () => {
      while (!done) {
        for (const [index, session] of heaps.entries()) most[index] = Math.max(most[index], await used(session));
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    })();
    const saved = await download;
    const seconds = (Date.now() - began) / 1000;
    done = true;
    await sampling;
    const grown = most.map((value, index) => value - before[index]);
    console.log(`${LARGE_BYTES / MB} MB in ${seconds.toFixed(1)} s (${(LARGE_BYTES / MB / seconds).toFixed(1)} MB/s); JS heap with ` +
      `buffers grew by at most ${grown[0].toFixed(1)} MB at the sender and ${grown[1].toFixed(1)} MB at the receiver`);
    assert.equal(await digestOf(await saved.path()), await digestOf(file));
    // Some windows of what is under way, and what a meeting of minutes leaves behind; not the file.
    for (const value of grown) assert.ok(value < 48, `${value} MB more than before`);
    await ann.close();
    await bob.close();
  });

  /** No violation that axe calls serious or critical. */
  async function accessible(page, view) {
    await page.waitForTimeout(400); // animations end: axe reads colours as they are drawn
    const { violations } = await new AxeBuilder({ page }).analyze();
    const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
    assert.deepEqual(serious.map(({ id, nodes }) => `${view}: ${id}: ${nodes[0].html.slice(0, 160)}`), []);
  }

  for (const [lang, options] of [['en', { colorScheme: 'light' }], ['zh-CN', { colorScheme: 'dark', ...phone }]]) {
    it(`have no serious accessibility violation (${lang}, ${options.colorScheme}${options.isMobile ? ', phone' : ''})`, async () => {
      const [[ann], [bob]] = [await people(browser, 1, options), await people(browser, 1)];
      await slowDisk(ann, 1000);
      await withoutPicker(ann);
      const a = await ann.newPage();
      await a.goto(`${server.url}/r/axe-files-${lang}?lang=${lang}&name=Ann&join=1&mic=0&cam=0`);
      await a.getByRole('toolbar').waitFor();
      const b = await sitsIn(bob, server, `axe-files-${lang}`, 'Bob');
      const picture = await b.screenshot({ type: 'png' });
      await choose(b, [
        { name: 'picture.png', mimeType: 'image/png', buffer: picture },
        { name: 'report.pdf', mimeType: 'application/pdf', buffer: randomBytes(8 * MB) },
        { name: 'list.zip', mimeType: 'application/zip', buffer: randomBytes(1000) },
      ]);
      await share(b);
      await a.locator('.controls, [role=toolbar]').first().getByRole('button', { name: /^Chat|^聊天/ }).click();
      await log(a).locator('button.file-picture').waitFor({ timeout: PATIENCE_MS });
      await card(a, 'report.pdf').getByRole('button').click();
      await card(a, 'report.pdf').getByRole('progressbar').waitFor();
      await a.locator('.message-box input[type=file]').setInputFiles([{ name: 'mine.txt', mimeType: 'text/plain', buffer: Buffer.from('x') }]);
      await a.locator('.tray').waitFor();
      await accessible(a, 'files in the chat');
      if (process.env.SHOTS) await a.screenshot({ path: path(process.env.SHOTS, `chat-${lang}.png`) });
      await a.locator('.tray').getByRole('button').last().click();
      await card(a, 'mine.txt').waitFor();
      await control(b, 'Leave').click();
      await until('the sender has left', async () => /No longer|失效/.test(await status(a, 'list.zip')), PATIENCE_MS);
      await accessible(a, 'files of somebody who left');
      if (process.env.SHOTS) await a.screenshot({ path: path(process.env.SHOTS, `left-${lang}.png`) });
      await log(a).locator('button.file-picture').click();
      await a.getByRole('dialog').waitFor();
      await accessible(a, 'a picture');
      if (process.env.SHOTS) await a.screenshot({ path: path(process.env.SHOTS, `picture-${lang}.png`) });
      await ann.close();
      await bob.close();
    });
  }

  it('are shared and fetched by keyboard alone', async () => {
    const [ann, bob] = await people(browser, 2);
    await withoutPicker(bob);
    const [a, b] = [await sitsIn(ann, server, 'keys', 'Ann'), await sitsIn(bob, server, 'keys', 'Bob')];
    await tile(a, 'Bob').waitFor();
    await openChat(a);
    const chooser = a.waitForEvent('filechooser');
    await a.getByRole('button', { name: 'Share files' }).focus();
    await a.keyboard.press('Enter');
    await (await chooser).setFiles([{ name: 'key.txt', mimeType: 'text/plain', buffer: Buffer.from('by key') }]);
    await a.getByRole('region', { name: 'Files to share' }).getByRole('button', { name: 'Share', exact: true }).focus();
    await a.keyboard.press('Enter');
    await openChat(b);
    await card(b, 'key.txt').getByRole('button', { name: 'Get key.txt' }).focus();
    const download = b.waitForEvent('download', { timeout: PATIENCE_MS });
    await b.keyboard.press('Enter');
    assert.equal((await download).suggestedFilename(), 'key.txt');
    await ann.close();
    await bob.close();
  });
});
