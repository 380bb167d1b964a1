// A hundred people come in one second, as after an invitation that says when: all get in, each with an answer to its offer.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { io } from 'socket.io-client';
import { launch, people } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

const CROWD = 100;
const WITHIN_MS = 1_000;

/** An offer as the client makes it: what it sends, 12 slots for video and 4 for audio. */
async function offer(server) {
  const browser = await launch();
  const [context] = await people(browser, 1);
  const page = await context.newPage();
  await page.goto(`${server.url}/test`);
  const sdp = await page.evaluate(async () => {
    const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    const codecs = (kind) => RTCRtpReceiver.getCapabilities(kind).codecs.filter(({ mimeType }) => /opus|VP8|rtx/i.test(mimeType));
    const layers = ['q', 'h', 'f'].map((rid) => ({ rid }));
    const add = (kind, direction, sendEncodings) => peer.addTransceiver(kind, { direction, sendEncodings }).setCodecPreferences(codecs(kind));
    add('audio', 'sendonly');
    add('video', 'sendonly', layers);
    add('video', 'sendonly', layers.slice(1));
    add('audio', 'sendonly');
    for (let slot = 0; slot < 12; slot += 1) add('video', 'recvonly');
    for (let slot = 0; slot < 4; slot += 1) add('audio', 'recvonly');
    peer.createDataChannel('', { negotiated: true, id: 0 });
    await peer.setLocalDescription();
    return peer.localDescription.sdp;
  });
  await browser.close();
  return sdp;
}

describe('a crowd', () => {
  let server;
  const sockets = [];
  before(async () => {
    server = await Server.start();
  });
  after(async () => {
    for (const socket of sockets) socket.disconnect();
    await server?.stop();
  });

  it(`of ${CROWD} joins one room within a second: all are in, none is refused`, async () => {
    const sdp = await offer(server);
    // The page that made the offer may have been closed in the middle of a request.
    const refused = await server.metric('kaigi_requests_refused_total');
    const media = { mic: true, camera: true, screen: false, screenAudio: false };
    const begun = performance.now();
    let sent = 0;
    /** Connects at its moment, joins, and offers. Tells how long both answers took. */
    const come = async (number) => {
      await new Promise((resolve) => { setTimeout(resolve, number * WITHIN_MS / CROWD); });
      const socket = io(`${server.url}/meet`, { transports: ['websocket'], forceNew: true, rejectUnauthorized: false });
      sockets.push(socket);
      const ask = async (event, data) => {
        const { ok, error } = await socket.timeout(60_000).emitWithAck(event, data);
        assert.equal(error, undefined, `${event} of number ${number} is refused: ${error?.code} ${error?.message}`);
        return ok;
      };
      const set = performance.now();
      const joined = await ask('join', { version: { major: 1, minor: 1 }, room: 'crowd', name: `Guest ${number}`, media });
      const entered = performance.now();
      sent = Math.max(sent, set - begun);
      // From the third on the room is routed; the first two learn it a little later.
      if (joined.topology !== 'routed') await until('the room is routed', async () => (await server.metric('kaigi_participants')) > 2, 60_000);
      const asked = performance.now();
      const answer = await ask('media-offer', { connection: 1, sdp });
      assert.match(answer.sdp, /a=ice-lite/);
      return [entered - set, performance.now() - asked, performance.now() - set];
    };
    const times = await Promise.all(Array.from({ length: CROWD }, (_, number) => come(number)));
    assert.equal(await server.metric('kaigi_participants'), CROWD);
    await until('all have a session', async () => (await server.metric('kaigi_sfu_sessions')) === CROWD);
    assert.equal(await server.metric('kaigi_requests_refused_total'), refused);
    for (const [index, what] of ['join, connection included', 'media-offer', 'both'].entries()) {
      const sorted = times.map((time) => time[index]).sort((a, b) => a - b);
      const percentile = (part) => `${sorted[Math.ceil(CROWD * part) - 1].toFixed(0)} ms`;
      console.log(`${CROWD} set out within ${sent.toFixed(0)} ms: ${what}: p50 ${percentile(0.5)}, p99 ${percentile(0.99)}`);
    }
  });
});
