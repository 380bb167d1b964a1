// A routed call whose network gets worse: gone for ten seconds, signaling included, after which one comes back into one's
// place and slot; and narrow, so that the layers have to change.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Authority } from '../lib/authority.mjs';
import { until } from '../lib/server.mjs';
import { startServer } from '../natlab/call.mjs';
import { removeFolder, scratchFolder, unsupported } from '../natlab/namespaces.mjs';
import { Person } from '../natlab/person.mjs';
import { HOST, Topology } from '../natlab/topology.mjs';

const PATIENCE_MS = 60_000;
const GONE_MS = 10_000;
const skip = unsupported() ?? false;

describe('a routed call', { timeout: 230_000 }, () => {
  let topology, authority, folder, server, ann, bob, cyd;
  const people = [];
  before(async () => {
    if (skip) return;
    topology = new Topology({ server: { at: 'public', port: 8443 }, ann: { nat: 'port-restricted' }, bob: { nat: 'port-restricted' } });
    authority = new Authority();
    folder = scratchFolder();
    server = await startServer(topology.server, { port: 8443 }, authority, folder);
    for (const [namespace, name, query] of [[topology.ann, 'Ann', ''], [topology.bob, 'Bob', ''], [topology.bob, 'Cyd', '&cam=0']]) {
      const person = await Person.start(namespace, name, { browser: 'Chromium', authority, viewport: { width: 1280, height: 800 } });
      await person.join(`https://${HOST}:8443/r/outage?name=${name}&join=1&lang=en${query}`);
      people.push(person);
    }
    [ann, bob, cyd] = people;
    for (const person of people) {
      await until(`${person.name}'s media goes through the server alone`, async () =>
        /Server/.test(await person.status()) && (await person.pairs()).match(/^connection connected/gm)?.length === 1, PATIENCE_MS);
    }
  });
  after(async () => {
    for (const person of people) await person.close();
    await server?.stop();
    topology?.destroy();
    authority?.remove();
    if (folder) removeFolder(folder);
  });

  it('goes on in the same place, tile and slot when a network was gone for ten seconds', { skip }, async () => {
    /** What Ann's tile shows, and how far it has got. */
    const shown = (person) => person.evaluate(() => {
      const video = [...document.querySelectorAll('[role=group][aria-label=Ann] video')].at(-1);
      return video ? { track: video.srcObject?.getVideoTracks()[0]?.id, frames: video.getVideoPlaybackQuality().totalVideoFrames } : null;
    });
    const moves = (person) => until(`${person.name} sees Ann move`, async () => {
      const before = await shown(person);
      await new Promise((resolve) => { setTimeout(resolve, 500); });
      const now = await shown(person);
      return before && now && now.track === before.track && now.frames > before.frames + 2 ? now : undefined;
    }, PATIENCE_MS);
    const before = [await moves(bob), await moves(cyd)];
    await bob.evaluate(() => {
      window.vanished = 0;
      new MutationObserver(() => {
        if (!document.querySelector('[role=group][aria-label=Ann]')) window.vanished += 1;
      }).observe(document.body, { childList: true, subtree: true });
    });

    topology.changes['network gone']();
    const gone = Date.now();
    await until('ten seconds are over', () => Date.now() - gone >= GONE_MS, 2 * GONE_MS);
    topology.changes['network back']();
    const back = Date.now();
    const after = [await moves(bob), await moves(cyd)];
    console.log(`after a network was gone for 10 s its pictures move again ${((Date.now() - back) / 1000).toFixed(1)} s later`);
    for (const [index, { track }] of after.entries()) assert.equal(track, before[index].track, 'the same slot shows Ann');
    assert.equal(await bob.evaluate(() => window.vanished), 0, 'the tile was there all the time');
    await until('Ann sees the others again', async () => {
      const since = Date.now() - 1_000;
      return (await ann.frames(since)).length > 3 && /Server/.test(await ann.status());
    }, PATIENCE_MS);
  });

  it('gets another layer when a tile is enlarged, a lower one when the line is narrow, with its sound unharmed', { skip }, async () => {
    /** The widest picture that comes, and what was concealed of all sound so far. */
    const received = () => ann.evaluate(async () => {
      const sum = { width: 0, concealed: 0, silent: 0, samples: 0 };
      for (const report of await window.lab.inbound()) {
        if (report.kind === 'video' && report.framesPerSecond > 0) sum.width = Math.max(sum.width, report.frameWidth ?? 0);
        if (report.kind !== 'audio') continue;
        sum.concealed += (report.concealedSamples ?? 0) - (report.silentConcealedSamples ?? 0);
        sum.samples += report.totalSamplesReceived ?? 0;
      }
      return sum;
    });
    const press = (label) => ann.evaluate(`document.querySelector('[role=group][aria-label=Bob] button[aria-label="${label}"]').click()`);
    const small = await until('the picture of a tile of three', async () => (await received()).width || undefined, PATIENCE_MS);
    await press('Pin');
    const wide = await until('a larger one', async () => {
      const { width } = await received();
      return width > small ? width : undefined;
    }, PATIENCE_MS);
    await press('Unpin');
    await until('the smaller one again', async () => (await received()).width === small, PATIENCE_MS);
    await press('Pin');
    await until('the larger one again', async () => (await received()).width === wide, PATIENCE_MS);
    console.log(`a picture that is enlarged comes ${wide} instead of ${small} pixels wide`);
    const before = await received();
    topology.limitAnn('800kbit');
    const narrow = await until('the picture gets narrower', async () => {
      const { width } = await received();
      return width > 0 && width < wide ? width : undefined;
    }, PATIENCE_MS);
    const limited = Date.now();
    await until('the line was narrow for a while', () => Date.now() - limited > 8_000, 20_000);
    const during = await until('it is narrower still, or again', async () => {
      const now = await received();
      return now.width < wide ? now : undefined;
    });
    const concealed = during.concealed - before.concealed;
    console.log(`at 800 kbit/s the picture is ${narrow} instead of ${wide} pixels wide; ${concealed} samples of sound are concealed`);
    // A second of the more than ten, and of two voices: what the line swallows before the estimate has come down.
    assert.ok(concealed < 48_000, `${concealed} samples are concealed`);
    topology.limitAnn(undefined);
    await until('the picture is as wide as before', async () => (await received()).width === wide, PATIENCE_MS);
  });
});
