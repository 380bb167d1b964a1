// Six Chromiums and a Firefox in one room: everybody sees and hears everybody. Each has a color and a tone of its own, and
// they speak in turns, for there are fewer slots for sound than people.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import puppeteer from 'puppeteer-core';
import { fakeMedia, launch, people, quiet } from '../lib/browser.mjs';
import { Server, until } from '../lib/server.mjs';

const PATIENCE_MS = 100_000;
const NAMES = ['Ann', 'Bob', 'Cyd', 'Dee', 'Eve', 'Fay', 'Gus'];
const FIREFOX = NAMES.length - 1;
const TURN_MS = 2_000;
/** Hertz: far enough apart to be told from each other, and none a multiple of another. */
const TONES = NAMES.map((_, index) => 520 + 170 * index);

/**
 * Runs in a page before it loads: a camera and a microphone of its own, and what is seen and heard of the others. Not the
 * browsers' fake camera: with six pages of one Chromium it was seen to stop, in their own self-views too. Firefox's
 * AudioContext was seen not to start (headless, without a sound card): there the fake microphone makes the tone, and who is
 * heard is told by whose turn it is.
 */
function prepare({ index, names, tones, turnMs, chromium }) {
  const { mediaDevices } = navigator;
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  const speaker = () => Math.floor(Date.now() / turnMs) % names.length;
  const context = () => (window.sounds ??= new AudioContext());
  const color = (who) => `hsl(${(360 * who) / names.length} 90% 50%)`;

  const camera = () => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [160, 90];
    const pen = canvas.getContext('2d');
    let step = 0;
    setInterval(() => {
      pen.fillStyle = color(index);
      pen.fillRect(0, 0, 160, 90);
      pen.fillStyle = 'white';
      pen.fillRect((step += 10) % 160, 0, 20, 90);
    }, 200);
    return canvas.captureStream(5).getVideoTracks();
  };
  const tone = () => {
    const [oscillator, gain] = [context().createOscillator(), context().createGain()];
    const out = context().createMediaStreamDestination();
    oscillator.frequency.value = tones[index];
    oscillator.connect(gain).connect(out);
    oscillator.start();
    setInterval(() => { gain.gain.value = speaker() === index ? 0.5 : 0; }, 50);
    return out.stream.getAudioTracks();
  };
  const microphone = async () => {
    const tracks = (await open({ audio: true })).getAudioTracks();
    setInterval(() => { tracks[0].enabled = speaker() === index; }, 50);
    return tracks;
  };
  mediaDevices.getUserMedia = async ({ audio, video }) => new MediaStream([
    ...(video ? camera() : []),
    ...(audio ? await (chromium ? tone() : microphone()) : []),
  ]);

  const peers = [];
  window.RTCPeerConnection = class extends window.RTCPeerConnection {
    constructor(...args) {
      super(...args);
      peers.push(this);
    }
  };
  const reports = async () => {
    const peer = peers.findLast(({ connectionState }) => connectionState === 'connected');
    return [...(await peer?.getStats() ?? new Map()).values()].filter(({ type }) => type === 'inbound-rtp');
  };

  const heard = new Set();
  const analysers = new Map();
  const hearTones = () => {
    for (const audio of document.querySelectorAll('audio')) {
      const [track] = audio.srcObject?.getAudioTracks() ?? [];
      if (!track || analysers.has(track.id)) continue;
      const analyser = context().createAnalyser();
      analyser.fftSize = 2048;
      analyser.smoothingTimeConstant = 0;
      context().createMediaStreamSource(new MediaStream([track])).connect(analyser);
      analysers.set(track.id, analyser);
    }
    for (const analyser of analysers.values()) {
      const bins = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(bins);
      const level = (frequency) => bins[Math.round(frequency * analyser.fftSize / context().sampleRate)];
      tones.forEach((frequency, who) => {
        if (level(frequency) > -50 && level(frequency) > level(frequency + 85) + 15) heard.add(names[who]);
      });
    }
  };
  let [energy, since] = [Infinity, 0];
  const hearTurns = async () => {
    const now = (await reports()).reduce((sum, { totalAudioEnergy = 0 }) => sum + totalAudioEnergy, 0);
    const began = Date.now() - (Date.now() % turnMs);
    // From the middle of a turn on what is heard is of that turn.
    if (since > began + turnMs / 2 && now > energy + 0.001) heard.add(names[speaker()]);
    [energy, since] = [now, Date.now()];
  };

  const pictures = new Map();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [32, 18];
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  const pixelsOf = (draw) => {
    draw();
    return [...pen.getImageData(0, 0, 32, 18).data];
  };
  /** Most of the picture is of the color of the one it is said to be of. */
  const isOf = (name, pixels) => {
    const wanted = pixelsOf(() => {
      pen.fillStyle = color(names.indexOf(name));
      pen.fillRect(0, 0, 32, 18);
    });
    const near = pixels.filter((value, at) => Math.abs(value - wanted[at]) < 50);
    return near.length > 0.7 * pixels.length;
  };
  const see = () => {
    for (const video of document.querySelectorAll('[role=group] video')) {
      const name = video.closest('[role=group]').getAttribute('aria-label');
      if (!video.videoWidth || !names.includes(name)) continue;
      const pixels = pixelsOf(() => pen.drawImage(video, 0, 0, 32, 18));
      if (isOf(name, pixels)) pictures.set(name, (pictures.get(name) ?? new Set()).add(pixels.join()));
    }
  };
  setInterval(() => {
    see();
    void (chromium ? hearTones() : hearTurns());
  }, 250);

  /** Whom this page has seen move and heard so far, and how many pictures it decodes. */
  window.look = async () => ({
    seen: [...pictures].filter(([, different]) => different.size > 2).map(([name]) => name),
    heard: [...heard],
    decoded: (await reports()).filter(({ kind, framesDecoded }) => kind === 'video' && framesDecoded > 5).length,
  });
}

describe('six Chromiums and a Firefox', () => {
  let server, chromium, firefox;
  before(async () => {
    server = await Server.start();
    chromium = await launch({ args: [...quiet, ...fakeMedia, '--autoplay-policy=no-user-gesture-required'] });
    firefox = await puppeteer.launch({
      browser: 'firefox',
      executablePath: process.env.FIREFOX
        ?? execFileSync('sh', ['-c', 'command -v firefox-esr || command -v firefox']).toString().trim(),
      acceptInsecureCerts: true,
      extraPrefsFirefox: {
        'media.navigator.streams.fake': true,
        'media.navigator.audio.fake_frequency': TONES[FIREFOX],
        'media.navigator.permission.disabled': true,
        'media.autoplay.default': 0,
        'media.peerconnection.ice.loopback': true,
      },
    });
  });
  after(async () => {
    await firefox?.close();
    await chromium?.close();
    await server?.stop();
  });

  it('all see and hear all others', async () => {
    const contexts = await people(chromium, FIREFOX, { viewport: { width: 1024, height: 640 } });
    const pages = [];
    for (const [index, name] of NAMES.entries()) {
      const options = { index, names: NAMES, tones: TONES, turnMs: TURN_MS, chromium: index !== FIREFOX };
      const page = index === FIREFOX ? await firefox.newPage() : await contexts[index].newPage();
      if (index === FIREFOX) await page.evaluateOnNewDocument(prepare, options);
      else await page.addInitScript(prepare, options);
      await page.goto(`${server.url}/r/seven?lang=en&name=${name}&join=1`);
      await until(`${name} is in`, () => page.evaluate(() =>
        Boolean(document.querySelector('[role=toolbar][aria-label="Meeting controls"]'))), PATIENCE_MS);
      pages.push(page);
    }
    const began = Date.now();
    let missing;
    await until('all see and hear all', async () => {
      const looks = await Promise.all(pages.map((page) => page.evaluate(() => window.look())));
      missing = looks.flatMap(({ seen, heard, decoded }, index) => {
        const others = NAMES.filter((_, who) => who !== index);
        const without = (what, list) => others.filter((name) => !list.includes(name))
          .map((name) => `${NAMES[index]} does not ${what} ${name}`);
        return [...without('see', seen), ...without('hear', heard),
          ...(decoded < others.length ? [`${NAMES[index]} decodes ${decoded} pictures`] : [])];
      });
      return missing.length === 0;
    }, PATIENCE_MS).catch((error) => assert.deepEqual(missing, [], error.message));
    console.log(`seven see and hear each other ${((Date.now() - began) / 1000).toFixed(1)} s after the last has come`);
  });
});
