// Breakout rooms: media and chat stay within each; people go, are sent, and come back.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { join, launch, people, receivesMedia, seesVideo, tile } from '../lib/browser.mjs';
import { drawnCamera } from '../lib/camera.mjs';
import { accessible, command, more, openPanel } from '../lib/hosting.mjs';
import { Server, until } from '../lib/server.mjs';

const PATIENCE_MS = 60_000;

describe('breakout rooms', () => {
  let server, browser;
  before(async () => {
    server = await Server.start();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('keep people apart, and bring them back', async () => {
    const contexts = await people(browser, 4, { viewport: { width: 1100, height: 700 } });
    for (const context of contexts) {
      await drawnCamera(context);
      context.setDefaultTimeout(PATIENCE_MS);
    }
    const names = ['Ann', 'Bob', 'Cyd', 'Dee'];
    const pages = [];
    for (const [index, name] of names.entries()) pages.push(await join(contexts[index], server, 'school', name));
    const [ann, bob, cyd, dee] = pages;
    await seesVideo(ann, 'Dee', PATIENCE_MS);

    await more(ann, 'Breakout rooms');
    const dialog = ann.getByRole('dialog', { name: 'Breakout rooms' });
    await dialog.getByRole('textbox', { name: 'Name of room 1' }).fill('red');
    await dialog.getByRole('textbox', { name: 'Name of room 2' }).fill('blue');
    for (const [name, room] of [['Bob', 'red'], ['Cyd', 'red'], ['Dee', 'blue']]) {
      await dialog.getByRole('combobox', { name: `Room of ${name}` }).selectOption({ label: room });
    }
    await dialog.getByRole('combobox', { name: 'Call everybody back after' }).selectOption({ label: '10 minutes' });
    await dialog.getByRole('button', { name: 'Open rooms' }).click();

    await bob.getByText('You are in red.').waitFor();
    await bob.getByText(/\b(?:10:00|0[89]:\d\d) left/).waitFor();
    await until('the title says where', async () => (await bob.title()).includes('red'));
    await bob.getByRole('heading', { level: 1, name: /red/ }).waitFor();
    await dee.getByText('You are in blue.').waitFor();
    await ann.getByText('Breakout rooms are open.').waitFor();
    assert.equal(await bob.locator('.toast').filter({ hasText: /left|joined/ }).count(), 0);

    // Pictures and sound: of those in the same room, and of nobody else.
    await seesVideo(bob, 'Cyd', PATIENCE_MS);
    await receivesMedia(bob);
    for (const [page, gone] of [[bob, ['Ann', 'Dee']], [dee, ['Ann', 'Bob', 'Cyd']], [ann, ['Bob', 'Cyd', 'Dee']]]) {
      for (const name of gone) assert.equal(await tile(page, name).count(), 0, `${name} is not seen`);
    }
    const decoded = (page) => page.evaluate(async () => {
      let frames = 0;
      for (const peer of window.testPeers.filter((peer) => peer.connectionState === 'connected')) {
        for (const report of (await peer.getStats()).values()) {
          if (report.type === 'inbound-rtp') frames += report.packetsReceived ?? 0;
        }
      }
      return frames;
    });
    const alone = await decoded(ann);
    await ann.waitForTimeout(2_000);
    assert.equal(await decoded(ann), alone, 'nothing comes to who is alone');

    // The chat as well.
    const log = (page) => page.getByRole('log', { name: 'Chat messages' });
    await command(bob, 'only for red');
    await openPanel(cyd, 'Chat');
    await log(cyd).getByText('only for red').waitFor();
    for (const page of [ann, dee]) {
      await openPanel(page, 'Chat');
      assert.equal(await log(page).getByText('only for red').count(), 0);
    }
    await accessible(bob, 'in a breakout room');

    // The host looks in, sends somebody elsewhere, and one goes back by a command.
    await ann.getByRole('button', { name: 'Manage' }).click();
    await accessible(ann, 'overview of breakout rooms');
    await dialog.getByRole('combobox', { name: 'Room of Cyd' }).selectOption({ label: 'blue' });
    await cyd.getByText('You are in blue.').waitFor();
    await seesVideo(cyd, 'Dee', PATIENCE_MS);
    await dialog.getByRole('button', { name: 'Visit blue' }).click();
    await ann.getByText('You are in blue.').waitFor();
    await seesVideo(ann, 'Dee', PATIENCE_MS);
    await log(ann).getByText('only for red').waitFor({ state: 'detached' });
    await command(bob, '/back');
    await bob.getByText('Breakout rooms are open.').waitFor();
    await bob.getByRole('button', { name: 'Join a room' }).click();
    await bob.getByRole('button', { name: 'blue, 3 people' }).click();
    await bob.getByText('You are in blue.').waitFor();
    await bob.getByRole('button', { name: 'Back to the main room' }).click();
    await bob.getByText('Breakout rooms are open.').waitFor();

    // Everybody is called back, and everything flows again.
    await ann.getByRole('button', { name: 'Manage' }).click();
    await dialog.getByRole('button', { name: 'Call everybody back' }).click();
    for (const [index, page] of pages.entries()) {
      await page.getByText(/You are in blue|Breakout rooms are open/).first().waitFor({ state: 'detached' });
      for (const name of names.filter((_, other) => other !== index)) await seesVideo(page, name, PATIENCE_MS);
      await receivesMedia(page);
    }
    assert.doesNotMatch(await bob.title(), /blue|red/);
    for (const context of contexts) {
      await context.close();
    }
  });

  // As the room core's tests do on virtual time; `SLOW=1` waits for a real minute.
  it('call back by themselves when the time is over', { skip: !process.env.SLOW }, async () => {
    const contexts = await people(browser, 2, { viewport: { width: 1100, height: 700 } });
    for (const context of contexts) context.setDefaultTimeout(PATIENCE_MS);
    const ann = await join(contexts[0], server, 'timed', 'Ann');
    const bob = await join(contexts[1], server, 'timed', 'Bob');
    await command(ann, '/breakout open 1 1');
    await bob.getByText('You are in Room 1.').waitFor();
    await bob.getByText('You are in Room 1.').waitFor({ state: 'detached', timeout: 120_000 });
    await bob.locator('.toast').filter({ hasText: 'You are back in the main room' }).waitFor();
    assert.equal(await bob.getByText('Breakout rooms are open.').count(), 0);
    await seesVideo(ann, 'Bob', PATIENCE_MS);
    await receivesMedia(bob);
    for (const context of contexts) await context.close();
  });
});
