// Who is gone without a word, for good or for a while.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { control, join, launch, people, seesVideo, tile } from '../lib/browser.mjs';
import { smallCamera } from '../lib/camera.mjs';
import { Server } from '../lib/server.mjs';

const PATIENCE_MS = 60_000;

/** Kills a browser and all processes it has started, at one go. */
function kill(pid) {
  const children = execFileSync('ps', ['-eo', 'pid=,ppid=']).toString().trim().split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const all = [pid];
  for (const parent of all) all.push(...children.filter(([, of]) => of === parent).map(([child]) => child));
  for (const one of all) {
    try {
      process.kill(one, 'SIGKILL');
    } catch {
      // ended meanwhile
    }
  }
}

/** The process of the browser that was started with this mark on its command line. */
function processWith(mark) {
  const pids = execFileSync('ps', ['-eo', 'pid=']).toString().trim().split('\n').map((line) => line.trim());
  const found = pids.filter((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return line.includes(mark) && !line.some((argument) => argument.startsWith('--type='));
    } catch {
      return false;
    }
  });
  assert.ok(found.length >= 1, 'the browser is running');
  return Math.min(...found.map(Number));
}

describe('somebody is gone', () => {
  let server, browser;
  before(async () => {
    server = await Server.start();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const [how, count] of [['directly', 2], ['by way of the server', 3]]) {
    it(`a killed browser's tile is gone within 15 s where media goes ${how}; of one that says goodbye, at once`, async () => {
      const room = `gone-${count}`;
      const mark = `--user-agent-note=${process.pid}-${count}`;
      const doomed = await launch({ args: ['--no-sandbox', '--disable-gpu', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', mark] });
      const contexts = [...await people(browser, count - 1, { viewport: { width: 640, height: 480 } }), ...await people(doomed, 1)];
      for (const context of contexts) await smallCamera(context);
      const names = ['Ann', 'Bob', 'Dee'].slice(0, count - 1);
      const pages = [];
      for (const [index, name] of names.entries()) pages.push(await join(contexts[index], server, room, name));
      await join(contexts.at(-1), server, room, 'Zoe');
      await Promise.all(pages.map((page) => seesVideo(page, 'Zoe', PATIENCE_MS)));

      const killed = Date.now();
      kill(processWith(mark));
      await Promise.all(pages.map((page) => tile(page, 'Zoe').waitFor({ state: 'detached', timeout: 40_000 })));
      const took = (Date.now() - killed) / 1000;
      console.log(`media goes ${how}: the tile of a killed browser was gone after ${took.toFixed(1)} s`);
      assert.ok(took <= 15, `it took ${took} s`);
      await doomed.close().catch(() => undefined);

      if (count > 2) {
        const left = Date.now();
        await control(pages[1], 'Leave').click();
        await tile(pages[0], names[1]).waitFor({ state: 'detached', timeout: 5_000 });
        console.log(`the tile of one that left was gone after ${Date.now() - left} ms`);
      }
      for (const context of contexts.slice(0, -1)) await context.close();
    });
  }
});
