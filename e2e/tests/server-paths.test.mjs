// Every way for media to reach the server, by a real browser without Kaigi's own client: UDP, TCP on the https port,
// and the server's own relay, which hands it over inside the process.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, people } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

/** A port that is open to nobody: what is sent there by a relay is for the SFU. */
const VIRTUAL_PORT = 29479;

/** Candidates for UDP that are open. */
const OPEN = ` udp \\d+ \\S+ (?!${VIRTUAL_PORT} )`;

/** Sends a tone to the server over those of its candidates that `keep` matches; tells which pair carries it. */
async function sendTone({ room, keep, relay }) {
  const socket = window.io('/meet', { transports: ['websocket'] });
  const ask = (event, data) =>
    new Promise((resolve, reject) => {
      socket.emit(event, data, ({ ok, error }) => (ok ? resolve(ok) : reject(new Error(error.message))));
    });
  const media = { mic: true, camera: false, screen: false, screenAudio: false };
  const { turn } = await ask('join', { version: { major: 1, minor: 1 }, room, name: 'Ann', media });
  await ask('room', { routed: true });
  const urls = `turn:${location.hostname}:${location.port}?transport=${relay}`;
  const { username, credential } = turn;
  const peer = new RTCPeerConnection(
    relay ? { iceTransportPolicy: 'relay', iceServers: [{ urls, username, credential }] } : {},
  );
  const audio = new AudioContext();
  const [oscillator, out] = [audio.createOscillator(), audio.createMediaStreamDestination()];
  oscillator.connect(out);
  oscillator.start();
  await audio.resume();
  peer.addTransceiver(out.stream.getAudioTracks()[0], { direction: 'sendonly' });
  await peer.setLocalDescription();
  const { sdp } = await ask('media-offer', { connection: 1, sdp: peer.localDescription.sdp });
  const kept = new RegExp(keep);
  const lines = sdp.split('\r\n').filter((line) => !line.startsWith('a=candidate:') || kept.test(line));
  await peer.setRemoteDescription({ type: 'answer', sdp: lines.join('\r\n') });
  window.peer = peer;
  window.pairInUse = async () => {
    const stats = await peer.getStats();
    const transport = [...stats.values()].find(({ type }) => type === 'transport');
    const pair = stats.get(transport?.selectedCandidatePairId);
    if (peer.connectionState !== 'connected' || !pair) return { state: peer.connectionState };
    const [local, remote] = [stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId)];
    return { state: 'connected', local: local.candidateType, protocol: remote.protocol, port: remote.port };
  };
}

describe('media reaches the server', () => {
  let server;
  let browser;
  before(async () => {
    server = await Server.start(['--media-threads', '2']);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const ways = {
    'over UDP': { keep: OPEN, wanted: { local: /host|prflx/, protocol: 'udp' } },
    'over TCP, on the port of https': { keep: ' tcp ', wanted: { local: /host|prflx/, protocol: 'tcp' } },
    'by its own relay over UDP, at an address that is not open': {
      keep: ` ${VIRTUAL_PORT} `, relay: 'udp', wanted: { local: /relay/, protocol: 'udp', port: VIRTUAL_PORT },
    },
    'by its own relay over TCP': {
      keep: ` ${VIRTUAL_PORT} `, relay: 'tcp', wanted: { local: /relay/, protocol: 'udp', port: VIRTUAL_PORT },
    },
    'by its own relay, at its open port': { keep: OPEN, relay: 'udp', wanted: { local: /relay/, protocol: 'udp' } },
  };
  for (const [way, { keep, relay, wanted }] of Object.entries(ways)) {
    it(way, async () => {
      const [context] = await people(browser, 1);
      const page = await context.newPage();
      await page.goto(`${server.url}/?lang=en`);
      await page.addScriptTag({ url: '/socket.io/socket.io.js' });
      const received = () => server.metric('kaigi_sfu_packets_total', { what: 'received' });
      const before = await received();
      await page.evaluate(sendTone, { room: `by-${way.replaceAll(/\W+/g, '-')}`, keep, relay });
      const pair = await until('the connection', async () => {
        const seen = await page.evaluate(() => window.pairInUse());
        return seen.state === 'connected' && seen;
      });
      assert.match(pair.local, wanted.local);
      assert.equal(pair.protocol, wanted.protocol);
      assert.equal(pair.port, wanted.port ?? server.port);
      await until('packets at the server', async () => (await received()) > before + 20);
      await context.close();
    });
  }

  it('and what is gone with the page is gone at the server', async () => {
    await until('no session any more', async () => (await server.metric('kaigi_sfu_sessions')) === 0, 60_000);
  });
});
