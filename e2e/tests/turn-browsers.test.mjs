// Browsers and GStreamer that may use nothing but the TURN server.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';
import { Authority } from '../lib/authority.mjs';
import { launch } from '../lib/browser.mjs';
import { program } from '../lib/coturn.mjs';
import { Server, until } from '../lib/server.mjs';

// `TEST_CALL_SECONDS=60` holds the call over TCP for that long.
const CALL_SECONDS = Number(process.env.TEST_CALL_SECONDS ?? 5);

const DATA = 50_000;

/** How each transport is asked for, and how browsers call it. */
const URLS = {
  udp: (port) => `turn:localhost:${port}?transport=udp`,
  tcp: (port) => `turn:localhost:${port}?transport=tcp`,
  tls: (port) => `turns:localhost:${port}?transport=tcp`,
};

describe('through nothing but the relay', () => {
  let authority, server, chromium, firefox;
  before(async () => {
    authority = new Authority();
    [server, chromium, firefox] = await Promise.all([
      Server.start(['--turn-user', 'ann:secret', ...authority.issue(['DNS:localhost'])]),
      launch({ env: { ...process.env, HOME: authority.home() } }),
      launchFirefox(authority.profile()),
    ]);
  });
  after(async () => {
    await Promise.all([chromium?.close(), firefox?.close()]);
    await server?.stop();
    authority?.remove();
  });

  /** Checks that a call did go that way, by what the browser says and by what the server has counted. */
  async function carries(t, page, transport, seconds) {
    const counted = (name) => server.metric(`kaigi_turn_relayed_${name}_total`, { transport });
    const before = await counted('bytes');
    const urls = URLS[transport](server.port);
    const { data, samples, ...way } = await page.evaluate(relayedCall, { urls, length: DATA, seconds });
    const frames = samples.map((sample) => sample.frames);
    t.diagnostic(`${seconds} s, at least ${Math.min(...frames)} frames in each`);
    assert.deepEqual(way, { states: ['checking', 'connected'], types: ['relay', 'relay'], protocol: transport });
    assert.equal(data, DATA);
    assert.equal(samples.length, seconds);
    for (const { frames, lost, sound } of samples) {
      assert.ok(frames > 0, `every second has new frames: ${JSON.stringify(samples)}`);
      assert.ok(sound > 0, `every second has sound: ${JSON.stringify(samples)}`);
      assert.equal(lost, 0, `no packet is lost: ${JSON.stringify(samples)}`);
    }
    await until('the metrics show it', async () => (await counted('bytes')) > before + DATA);
  }

  describe('Chromium', () => {
    let page;
    before(async () => {
      page = await (await chromium.newContext({ permissions: ['camera', 'microphone'] })).newPage();
      await page.goto(server.url);
    });

    it('holds a call over UDP', (t) => carries(t, page, 'udp', 2));
    it('holds a call over TCP', (t) => carries(t, page, 'tcp', CALL_SECONDS));
    it('holds a call over TLS', (t) => carries(t, page, 'tls', 2));
  });

  describe('Firefox', () => {
    let page;
    before(async () => {
      page = await firefox.newPage();
      await page.goto(server.url);
    });

    it('holds a call over UDP', (t) => carries(t, page, 'udp', 2));
    it('holds a call over TCP', (t) => carries(t, page, 'tcp', 2));
    it('holds a call over TLS', (t) => carries(t, page, 'tls', 2));
  });

  describe('GStreamer', () => {
    const script = fileURLToPath(new URL('../clients/webrtcbin.py', import.meta.url));
    for (const transport of ['udp', 'tcp']) {
      it(`holds a call over ${transport.toUpperCase()}`, async () => {
        const counted = () => server.metric('kaigi_turn_relayed_packets_total', { transport, direction: 'down' });
        const before = await counted();
        const { code, output } = await program('/usr/bin/python3',
          [script, `turn://ann:secret@127.0.0.1:${server.port}?transport=${transport}`, '100']);
        assert.equal(code, 0, output);
        const { received, candidates } = JSON.parse(output.split('\n').find((line) => line.startsWith('{')));
        assert.ok(received.every((packets) => packets >= 100), output);
        assert.ok(candidates.length > 0 && candidates.every((type) => type === 'relay'), output);
        await until('the metrics show it', async () => (await counted()) >= before + 200);
      });
    }
  });
});

function launchFirefox(profile) {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX
      ?? execFileSync('sh', ['-c', 'command -v firefox-esr || command -v firefox']).toString().trim(),
    userDataDir: profile,
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'media.peerconnection.ice.loopback': true,
    },
  });
}

/** Runs in the page: two peers with camera, microphone and a data channel, for some seconds after they are connected. */
async function relayedCall({ urls, length, seconds }) {
  const config = { iceServers: [{ urls, username: 'ann', credential: 'secret' }], iceTransportPolicy: 'relay' };
  const [a, b] = [new RTCPeerConnection(config), new RTCPeerConnection(config)];
  a.onicecandidate = ({ candidate }) => candidate && b.addIceCandidate(candidate);
  b.onicecandidate = ({ candidate }) => candidate && a.addIceCandidate(candidate);
  const states = [];
  b.oniceconnectionstatechange = () => states.push(b.iceConnectionState);
  const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
  for (const track of stream.getTracks()) a.addTrack(track, stream);
  const text = Array.from({ length }, (_, index) => index % 10).join('');
  const channel = a.createDataChannel('data');
  channel.onopen = () => channel.send(text);
  const received = new Promise((resolve) => {
    b.ondatachannel = (event) => { event.channel.onmessage = ({ data }) => resolve(data === text ? data.length : -1); };
  });
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription);
  const wait = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
  const data = await Promise.race([received, wait(20_000).then(() => {
    throw new Error(`no data came in 20 s; the connection went through ${states}`);
  })]);

  const media = async () => {
    const sum = { frames: 0, sound: 0, lost: 0 };
    for (const report of (await b.getStats()).values()) {
      if (report.type !== 'inbound-rtp') continue;
      sum.lost += report.packetsLost;
      if (report.kind === 'video') sum.frames += report.framesDecoded ?? 0;
      else sum.sound += report.packetsReceived;
    }
    return sum;
  };
  let before = await media();
  while (before.frames === 0 || before.sound === 0) {
    await wait(50);
    before = await media();
  }
  const samples = [];
  for (let second = 0; second < seconds; second += 1) {
    await wait(1_000);
    const now = await media();
    samples.push({ frames: now.frames - before.frames, sound: now.sound - before.sound, lost: now.lost });
    before = now;
  }
  const stats = await a.getStats();
  const pair = [...stats.values()].find((report) => report.type === 'candidate-pair' && report.nominated && report.state === 'succeeded');
  const [local, remote] = [stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId)];
  a.close();
  b.close();
  for (const track of stream.getTracks()) track.stop();
  return { data, samples, states, types: [local.candidateType, remote.candidateType], protocol: local.relayProtocol };
}
