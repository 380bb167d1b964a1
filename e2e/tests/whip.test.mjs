// WHIP and WHEP: aiortc publishes into a room and watches it, Chromium is in it; and browsers do both with a few lines.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Aiortc } from '../lib/aiortc.mjs';
import { inbound, join, launch, noErrors, people, receivesMedia, seesVideo, tile } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

/** Chromium's fake camera and aiortc's, as they arrive. */
const BARS = { width: 320, height: 240 };

describe('WHIP and WHEP', { timeout: 600_000 }, () => {
  let server;
  let browser;
  let contexts = [];
  const clients = [];
  const aiortc = (...args) => {
    const client = new Aiortc(...args);
    clients.push(client);
    return client;
  };

  before(async () => {
    const examples = fileURLToPath(new URL('../../examples', import.meta.url));
    server = await Server.start(['--site-dir', examples]);
    browser = await launch();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
    for (const context of contexts.splice(0)) await context.close();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const enter = async (room, name, query) => {
    const [context] = await people(browser, 1);
    contexts.push(context);
    return join(context, server, room, name, query);
  };
  const sessions = (kind) => server.metric(`kaigi_${kind}_sessions`);

  it('a publisher is a participant: seen, heard, and gone when it ends', async () => {
    const ann = await enter('studio', 'Ann');
    const camera = aiortc('publish', `${server.url}/whip/studio?name=Camera%201`);
    const { links, location, tag } = await camera.says('it publishes', ({ state }) => state === 'connected');
    assert.match(location, /^\/media-sessions\/[\w-]{16}$/);
    assert.match(tag, /^"\w+"$/);
    assert.ok(links.some((link) => link.startsWith(`<turn:localhost:${server.port}?transport=tcp>; rel="ice-server"; username="`)), links);
    await seesVideo(ann, 'Camera 1');
    await receivesMedia(ann);
    await until('the status says that media goes through the server', async () =>
      /Server/.test(await ann.getByRole('status', { name: 'Connection' }).textContent()));
    await camera.end();
    assert.equal(camera.said.deleted, 200);
    await tile(ann, 'Camera 1').waitFor({ state: 'detached', timeout: 5_000 });
    assert.equal(await sessions('whip'), 0);
    noErrors(contexts[0]);
  });

  it('a viewer sees and hears one participant, and nobody sees the viewer', async () => {
    const ann = await enter('stage', 'Ann');
    const viewer = aiortc('watch', `${server.url}/whep/stage/Ann`);
    const { width } = await viewer.says('it sees and hears Ann', ({ changes, colours, loud }) =>
      changes > 20 && colours > 4 && loud > 5);
    assert.ok(width > 0);
    assert.equal(await sessions('whep'), 1);
    await until('Ann alone is counted', async () => (await server.metric('kaigi_participants')) === 1);
    assert.equal(await ann.getByRole('group').filter({ has: ann.locator('video') }).count(), 1);
    await ann.getByRole('button', { name: 'Leave' }).click();
    await viewer.says('its session is over', ({ state }) => ['closed', 'failed'].includes(state));
    await until('it is not counted any more', async () => (await sessions('whep')) === 0);
  });

  it('a viewer of a room sees whoever speaks', async () => {
    await enter('panel', 'Ann', '&mic=0');
    const viewer = aiortc('watch', `${server.url}/whep/panel`);
    const alone = await viewer.says('it sees Ann', ({ changes, colours }) => changes > 10 && colours > 4);
    assert.notEqual(alone.width, BARS.width);
    const camera = aiortc('publish', `${server.url}/whip/panel?name=Speaker`);
    const speaker = await viewer.says('it sees the speaker', ({ width, loud }) => width === BARS.width && loud > 5);
    assert.equal(speaker.height, BARS.height);
    const { changes } = viewer.said;
    await viewer.says('the picture moves', (said) => said.changes > changes + 20);
    await camera.end();
    await viewer.says('it sees Ann again', ({ width }) => width === alone.width);
  });

  it('a publisher that is killed is gone after a while', async () => {
    const ann = await enter('field', 'Ann');
    const camera = aiortc('publish', `${server.url}/whip/field?name=Reporter`);
    // Python, its libraries and a browser begin at once: on a busy machine they need their time.
    await camera.says('it publishes', ({ state }) => state === 'connected', 60_000);
    await seesVideo(ann, 'Reporter', 60_000);
    camera.kill();
    await tile(ann, 'Reporter').waitFor({ state: 'detached', timeout: 45_000 });
    await until('no session is left', async () => (await sessions('whip')) === 0);
  });

  it('there is nothing to watch where nobody is', async () => {
    const url = `${server.url}/whep/nobody-here`;
    const early = aiortc('watch', url);
    await early.says('there is nobody to watch', ({ status }) => status === 404);
    assert.match(JSON.parse(early.said.body).detail, /nobody is in this room/);
  });

  it('the example page shows a participant', async () => {
    await enter('fair', 'Ann');
    const [context] = await people(browser, 1);
    contexts.push(context);
    const page = await context.newPage();
    await page.goto(`${server.url}/site/whep-viewer.html?room=fair&participant=Ann`, { waitUntil: 'domcontentloaded' });
    // It is muted, as pages that nobody has touched must be: its sound has no level, but it is there.
    await receivesMedia(page, { audio: false });
    await until('sound arrives', async () => (await inbound(page)).audioPackets > 10);
    assert.equal(await page.evaluate(() => document.querySelector('video').videoWidth > 0), true);
    await page.close({ runBeforeUnload: false });
    await until('closing the page ends the session', async () => (await sessions('whep')) === 0, 10_000);
  });

  it('a browser publishes by WHIP, and goes on after an ICE restart', async () => {
    const ann = await enter('harbour', 'Ann');
    const [context] = await people(browser, 1);
    contexts.push(context);
    const page = await context.newPage();
    await page.goto(`${server.url}/site/whep-viewer.html?room=nobody-here`);
    await page.getByText('nobody is in this room').waitFor();
    await page.evaluate(publishAndRestart);
    await seesVideo(ann, 'Crane');
    const before = await page.evaluate(() => window.restart());
    assert.equal(before.trickled, 204);
    assert.equal(before.stale, 412);
    assert.equal(before.unconditional, 428);
    assert.equal(before.restarted, 200);
    assert.notEqual(before.tag, before.former);
    await until('the new ICE session is connected', () => page.evaluate(() => window.isOnNewSession()));
    await receivesMedia(ann);
    await seesVideo(ann, 'Crane');
    assert.equal(await page.evaluate(() => window.end()), 200);
    await tile(ann, 'Crane').waitFor({ state: 'detached', timeout: 5_000 });
  });
});

/** Runs in a page: publishes by WHIP, then has functions to restart ICE and to end. */
async function publishAndRestart() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const peer = new window.RTCPeerConnection();
  for (const track of stream.getTracks()) peer.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
  await peer.setLocalDescription();
  const response = await fetch('/whip/harbour?name=Crane', {
    method: 'POST',
    headers: { 'Content-Type': 'application/sdp' },
    body: peer.localDescription.sdp,
  });
  const answer = await response.text();
  await peer.setRemoteDescription({ type: 'answer', sdp: answer });
  const session = response.headers.get('Location');
  const first = response.headers.get('ETag');
  const patch = (body, headers) =>
    fetch(session, { method: 'PATCH', headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', ...headers }, body });
  const line = (text, name) => text.match(new RegExp(`^a=${name}:(.*)\\r?$`, 'm'))[1];
  let username;
  window.restart = async () => {
    const credentials = () => ['ice-ufrag', 'ice-pwd'].map((name) => `a=${name}:${line(peer.localDescription.sdp, name)}\r\n`).join('');
    const candidate = 'm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 192.0.2.9 40000 typ host\r\n';
    const trickled = (await patch(credentials() + candidate, { 'If-Match': first })).status;
    const unconditional = (await patch(credentials() + candidate)).status;
    peer.restartIce();
    await peer.setLocalDescription();
    const restarted = await patch(credentials(), { 'If-Match': '*' });
    const fragment = await restarted.text();
    const tag = restarted.headers.get('ETag');
    const stale = (await patch(credentials() + candidate, { 'If-Match': first })).status;
    username = line(fragment, 'ice-ufrag');
    const renewed = ['ice-ufrag', 'ice-pwd'].reduce(
      (sdp, name) => sdp.replaceAll(new RegExp(`^a=${name}:.*$`, 'gm'), `a=${name}:${line(fragment, name)}`), answer);
    await peer.setRemoteDescription({ type: 'answer', sdp: renewed });
    return { trickled, unconditional, stale, restarted: restarted.status, tag, former: first };
  };
  window.isOnNewSession = async () => {
    const reports = [...(await peer.getStats()).values()];
    const transport = reports.find(({ type }) => type === 'transport');
    const pair = reports.find(({ id }) => id === transport?.selectedCandidatePairId);
    const remote = reports.find(({ id }) => id === pair?.remoteCandidateId);
    return pair?.state === 'succeeded' && remote?.usernameFragment === username;
  };
  window.end = async () => (await fetch(session, { method: 'DELETE' })).status;
}
