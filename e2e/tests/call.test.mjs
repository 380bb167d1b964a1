// Two people meet in two Chromiums, directly.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  control, join, launch, noErrors, person, receivesMedia, seesVideo, tile, watchPeers,
} from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

let server, browser;
before(async () => {
  server = await Server.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function people(...names) {
  const contexts = [];
  for (const _ of names) {
    const context = await person(browser);
    await watchPeers(context);
    contexts.push(context);
  }
  return contexts;
}

describe('a call of two', () => {
  it('they see, hear and write to each other, directly', async () => {
    const [ann, bob] = await people('Ann', 'Bob');
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
});
