// Three and more people: media goes through the server, and everyone sees and hears everyone.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { control, fakeMedia, join, launch, noErrors, people, quiet, seesVideo, tile } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

/** Three cameras in one browser and two processors: encoders and decoders take their time. */
const PATIENCE_MS = 60_000;

/** One participant's sound and picture are at most so far apart. */
const TOGETHER_MS = 80;

const status = (page) => page.getByRole('status', { name: 'Connection' }).textContent();
const goes = (page, name, way) =>
  until(`${name}'s status says ${way}`, async () => (await status(page)).includes(way), PATIENCE_MS);

/**
 * As with a server that is far away: all is gathered and every name looked up before the server's answer is there. (Chromium
 * takes what comes from a STUN or TURN server's address for an answer of that server, and the SFU sends from that address.)
 */
const farAway = (context) => context.addInitScript(() => {
  const { setRemoteDescription } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.setRemoteDescription = async function later(description) {
    const gathered = () => description.type !== 'answer' || this.iceGatheringState === 'complete';
    while (!gathered()) await new Promise((resolve) => { this.addEventListener('icegatheringstatechange', resolve, { once: true }); });
    return setRemoteDescription.call(this, description);
  };
});

/** What the media that is received comes over. */
const protocol = (page) => page.evaluate(async () => {
  const peer = window.testPeers.findLast(({ connectionState }) => connectionState === 'connected');
  const stats = await peer.getStats();
  const { selectedCandidatePairId } = [...stats.values()].find(({ type }) => type === 'transport');
  return stats.get(stats.get(selectedCandidatePairId).localCandidateId).protocol;
});

/** Sound of every one of so many others arrives and is audible (Chromium's fake microphone beeps). */
async function hears(page, others) {
  const loud = new Set();
  await until(`${others} voices are heard`, async () => {
    const levels = await page.evaluate(async () => {
      const found = [];
      for (const peer of window.testPeers.filter((peer) => peer.connectionState === 'connected')) {
        for (const report of (await peer.getStats()).values()) {
          if (report.type === 'inbound-rtp' && report.kind === 'audio') found.push([report.mid, report.audioLevel ?? 0]);
        }
      }
      return found;
    });
    for (const [mid, level] of levels) if (level > 0.001) loud.add(mid);
    return loud.size >= others;
  }, PATIENCE_MS);
}

/**
 * How far sound and picture of the only one who is received are apart, in milliseconds, positive where the picture is late:
 * the median of many looks. `estimatedPlayoutTimestamp` is when what is played at a moment was taken, by the sender's clock as
 * its sender reports tell it (the server's, who writes the slots' reports), so the difference is what one sees of lips and voice.
 */
async function lag(page) {
  const looks = [];
  await until('sound and picture say when they were taken', async () => {
    const look = await page.evaluate(async () => {
      const peer = window.testPeers.findLast(({ connectionState }) => connectionState === 'connected');
      const read = async () => [...(await peer.getStats()).values()].filter(({ type }) => type === 'inbound-rtp');
      const before = new Map((await read()).map(({ id, packetsReceived }) => [id, packetsReceived]));
      await new Promise((resolve) => setTimeout(resolve, 150));
      const flowing = (await read()).filter(({ id, packetsReceived }) => packetsReceived > before.get(id));
      const [sounds, pictures] = ['audio', 'video'].map((kind) => flowing.filter((one) => one.kind === kind));
      if (sounds.length !== 1 || pictures.length !== 1) return undefined;
      const [sound, picture] = [sounds[0].estimatedPlayoutTimestamp, pictures[0].estimatedPlayoutTimestamp];
      return sound && picture ? sound - picture : undefined;
    });
    if (look !== undefined) looks.push(look);
    // A browser's jitter buffers find each other within seconds; on a busy machine it takes them some more.
    return looks.length >= 15 && (Math.abs(median(looks.slice(-15))) <= TOGETHER_MS || looks.length >= 45);
  }, PATIENCE_MS);
  return median(looks.slice(-15));
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

describe('a call of three', () => {
  let server, browser;
  before(async () => {
    server = await Server.start();
    browser = await launch({ args: [...quiet, ...fakeMedia] });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('goes through the server, where everyone sees and hears everyone, and back when one has left', async () => {
    const names = ['Ann', 'Bob', 'Cyd'];
    const contexts = await people(browser, 3, { viewport: { width: 640, height: 480 } });
    await farAway(contexts[2]);
    const pages = [];
    for (const index of [0, 1]) pages.push(await join(contexts[index], server, 'three', names[index]));
    await Promise.all([seesVideo(pages[0], 'Bob', PATIENCE_MS), seesVideo(pages[1], 'Ann', PATIENCE_MS)]);
    await goes(pages[0], 'Ann', 'Direct');

    pages.push(await join(contexts[2], server, 'three', names[2]));
    await Promise.all(pages.map((page, index) => goes(page, names[index], 'Server')));
    for (const [index, page] of pages.entries()) {
      assert.equal(await protocol(page), 'udp', `${names[index]}'s media comes over UDP`);
      for (const name of names.filter((name) => name !== names[index])) await seesVideo(page, name, PATIENCE_MS);
      await hears(page, 2);
    }

    await control(pages[2], 'Leave').click();
    await tile(pages[0], 'Cyd').waitFor({ state: 'detached' });
    // Media goes on through the server for ten seconds: there are one sound and one picture now.
    const lags = await Promise.all([lag(pages[0]), lag(pages[1])]);
    console.log(`in a routed call the picture is ${lags.map((one) => one.toFixed(0)).join(' and ')} ms behind the sound`);
    for (const one of lags) assert.ok(Math.abs(one) <= TOGETHER_MS, `sound and picture are ${one} ms apart`);
    for (const index of [0, 1]) {
      await goes(pages[index], names[index], 'Direct');
      await seesVideo(pages[index], names[1 - index], PATIENCE_MS);
    }
    for (const context of contexts) {
      noErrors(context);
      await context.close();
    }
  });
});
