import { beforeEach, describe, expect, it } from 'vitest';
import { Devices } from '../src/local-media';
import type { LocalMediaEvents } from '../src/types';
import { settle } from './fakes/connection';
import { FakeMediaDevices, FakeTrack } from './fakes/media-devices';
import { must } from './fakes/must';

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => undefined as unknown;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve: () => void resolve() };
}

let hardware: FakeMediaDevices;
let media: Devices;
let lost: LocalMediaEvents['device-lost'][];

function begin(options = {}): void {
  media = new Devices(options, hardware.asReal());
  lost = [];
  media.on('device-lost', (event) => lost.push(event));
}

beforeEach(() => {
  hardware = new FakeMediaDevices();
  begin();
});

describe('on and off', () => {
  it('off frees the device before the call returns', async () => {
    await media.setMic(true);
    expect(media.state.mic).toBe(true);
    void media.setMic(false);
    expect(media.state.mic).toBe(false);
    expect(media.tracks.mic).toBeUndefined();
    expect(hardware.live).toEqual([]);
  });

  it('any quick sequence ends in what was wanted last', async () => {
    for (const wishes of [
      [true, false],
      [true, false, true],
      [true, false, true, false],
      [false, true, true, false, true],
    ]) {
      await Promise.all(wishes.map((on) => media.setCamera(on)));
      const last = must(wishes.at(-1));
      expect(media.state.camera).toBe(last);
      expect(hardware.live).toHaveLength(last ? 1 : 0);
      await media.setCamera(false);
    }
  });

  it('turned off while the device opens: it is released as soon as it is there', async () => {
    const { promise, resolve: open } = deferred();
    hardware.gate = promise;
    const on = media.setMic(true);
    await settle();
    const off = media.setMic(false);
    open();
    await Promise.all([on, off]);
    expect(hardware.opened).toHaveLength(1);
    expect(hardware.live).toEqual([]);
    expect(media.state.mic).toBe(false);
  });

  it('both asked for at once are one question to the user', async () => {
    await Promise.all([media.setMic(true), media.setCamera(true)]);
    expect(hardware.asked).toHaveLength(1);
    expect(media.state).toMatchObject({ mic: true, camera: true });
  });

  it('a missing camera does not cost the microphone', async () => {
    hardware.devices = hardware.devices.filter((device) => device.kind === 'audioinput');
    const [mic, camera] = await Promise.allSettled([media.setMic(true), media.setCamera(true)]);
    expect(mic.status).toBe('fulfilled');
    expect(camera).toMatchObject({ status: 'rejected', reason: { code: 'device-not-found' } });
    expect(media.state).toMatchObject({ mic: true, camera: false });
  });

  it('a user who says no is not asked again for each', async () => {
    hardware.failure = new DOMException('Permission denied', 'NotAllowedError');
    const results = await Promise.allSettled([media.setMic(true), media.setCamera(true)]);
    expect(results).toMatchObject([
      { reason: { code: 'permission-denied' } },
      { reason: { code: 'permission-denied' } },
    ]);
    expect(hardware.asked).toHaveLength(1);
  });

  it('a page without devices (no https) says so', async () => {
    const insecure = new Devices({}, undefined);
    await expect(insecure.setMic(true)).rejects.toMatchObject({ code: 'insecure-context' });
    await expect(insecure.setMic(false)).resolves.toBeUndefined();
    await expect(insecure.startScreen()).rejects.toMatchObject({ code: 'insecure-context' });
  });

  it('closing ends everything, even what is about to open', async () => {
    await media.setMic(true);
    const opening = media.setCamera(true);
    media.close();
    await opening;
    expect(hardware.live).toEqual([]);
    await expect(media.setMic(true)).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('a microphone on standby', () => {
  beforeEach(() => media.setMicStandby(true));

  it('is open but not sent while off, and on again at once and without a question', async () => {
    await media.setMic(true);
    const track = must(hardware.live[0]);
    void media.setMic(false);
    expect(media.state.mic).toBe(false);
    expect(media.tracks.mic).toBeUndefined();
    expect(hardware.live).toEqual([track]);
    void media.setMic(true);
    expect(media.tracks.mic).toBe(track);
    expect(hardware.asked).toHaveLength(1);
  });

  it('is not opened by standby itself', async () => {
    await settle();
    expect(hardware.asked).toEqual([]);
    await media.setMicDevice('mic-2');
    expect(hardware.asked).toEqual([]);
  });

  it('is released when standby ends while it is off', async () => {
    await media.setMic(true);
    await media.setMic(false);
    media.setMicStandby(false);
    expect(hardware.live).toEqual([]);
  });

  it('stays on when standby ends while it is on', async () => {
    await media.setMic(true);
    media.setMicStandby(false);
    expect(media.state.mic).toBe(true);
    void media.setMic(false);
    expect(hardware.live).toEqual([]);
  });

  it('is released by close', async () => {
    await media.setMic(true);
    await media.setMic(false);
    media.close();
    expect(hardware.live).toEqual([]);
  });

  it('turned off while it opens is kept, and never sent even for a moment', async () => {
    const { promise, resolve: open } = deferred();
    hardware.gate = promise;
    const sent: boolean[] = [];
    media.on('change', () => sent.push(media.state.mic));
    const on = media.setMic(true);
    await settle();
    const off = media.setMic(false);
    open();
    await Promise.all([on, off]);
    expect(hardware.live).toHaveLength(1);
    expect(sent).not.toContain(true);
  });

  it('changes to the device that is chosen while it is off', async () => {
    await media.setMic(true);
    await media.setMic(false);
    await media.setMicDevice('mic-2');
    expect(hardware.live.map(({ label }) => label)).toEqual(['Mic 2']);
    expect(media.state.mic).toBe(false);
  });

  it('is not missed when it is unplugged while off', async () => {
    await media.setMic(true);
    await media.setMic(false);
    hardware.unplug('mic-1');
    await settle();
    expect(lost).toEqual([]);
    expect(hardware.live).toEqual([]);
    await media.setMic(true);
    expect(media.micDevice).toBe('mic-2');
  });

  it('one that cannot be turned on stays off', async () => {
    hardware.failure = new DOMException('', 'NotReadableError');
    await expect(media.setMic(true)).rejects.toMatchObject({ code: 'device-busy' });
    expect(media.state.mic).toBe(false);
    hardware.failure = undefined;
    await media.setMic(true);
    expect(media.state.mic).toBe(true);
  });
});

describe('choosing a device', () => {
  it('while on, the new one is opened before the old one is released', async () => {
    await media.setMic(true);
    const old = must(hardware.live[0]);
    await media.setMicDevice('mic-2');
    expect(media.micDevice).toBe('mic-2');
    expect(old.readyState).toBe('ended');
    expect(hardware.live).toHaveLength(1);
  });

  it('while off, it is used when turned on', async () => {
    await media.setMicDevice('mic-2');
    expect(hardware.opened).toEqual([]);
    await media.setMic(true);
    expect(media.micDevice).toBe('mic-2');
  });

  it('one that cannot be opened leaves all as it was', async () => {
    await media.setMic(true);
    await expect(media.setMicDevice('gone')).rejects.toMatchObject({ code: 'device-not-found' });
    expect(media.micDevice).toBe('mic-1');
    expect(media.state.mic).toBe(true);
    expect(hardware.live).toHaveLength(1);
  });

  it('the choice of last time is replaced if it is gone', async () => {
    begin({ micDevice: 'unplugged since' });
    await media.setMic(true);
    expect(media.micDevice).toBe('mic-1');
  });

  it('a system that lends a camera only once gets the old one back first', async () => {
    hardware.devices.push({ kind: 'videoinput', deviceId: 'cam-2', label: 'Cam 2' });
    await media.setCamera(true);
    const real = hardware.getUserMedia.bind(hardware);
    hardware.getUserMedia = async (constraints) => {
      if (hardware.live.length > 0) throw new DOMException('in use', 'NotReadableError');
      return real(constraints);
    };
    await media.setCameraDevice('cam-2');
    expect(media.cameraDevice).toBe('cam-2');
  });

  it('processing that cannot be had is not reported as had, and the microphone stays on', async () => {
    await media.setMic(true);
    const real = hardware.getUserMedia.bind(hardware);
    hardware.getUserMedia = async (constraints) => {
      const { noiseSuppression } = constraints?.audio as MediaTrackConstraints;
      if (!noiseSuppression) throw new DOMException('', 'NotReadableError');
      return real(constraints);
    };
    await expect(media.setProcessing({ noiseSuppression: false })).rejects.toMatchObject({
      code: 'device-busy',
    });
    expect(media.processing.noiseSuppression).toBe(true);
    expect(media.state.mic).toBe(true);
    hardware.getUserMedia = real;
    await media.setProcessing({ noiseSuppression: false });
    expect(hardware.asked.at(-1)?.audio).toMatchObject({ noiseSuppression: false, echoCancellation: true });
    expect(hardware.live).toHaveLength(1);
  });
});

describe('a device that goes away', () => {
  it('is replaced by another one, and the user is told which', async () => {
    await media.setMic(true);
    hardware.unplug('mic-1');
    await settle();
    expect(lost).toEqual([{ kind: 'mic', label: 'Mic 1', fallback: 'Mic 2' }]);
    expect(media.micDevice).toBe('mic-2');
    expect(media.state.mic).toBe(true);
  });

  it('is turned off if there is no other', async () => {
    await media.setCamera(true);
    hardware.unplug('cam-1');
    await settle();
    expect(lost).toEqual([{ kind: 'camera', label: 'Cam 1' }]);
    expect(media.state.camera).toBe(false);
  });

  it('is noticed by the list of devices, too, where the track does not end', async () => {
    await media.setMic(true);
    hardware.devices = hardware.devices.filter((device) => device.deviceId !== 'mic-1');
    hardware.dispatchEvent(new Event('devicechange'));
    await settle();
    expect(lost).toEqual([{ kind: 'mic', label: 'Mic 1', fallback: 'Mic 2' }]);
  });

  it('does not turn on again what the user turns off meanwhile', async () => {
    await media.setMic(true);
    const { promise, resolve: open } = deferred();
    hardware.gate = promise;
    hardware.unplug('mic-1');
    await settle();
    const off = media.setMic(false);
    open();
    await off;
    await settle();
    expect(hardware.live).toEqual([]);
    expect(media.state.mic).toBe(false);
  });
});

describe('screen', () => {
  const share = () => {
    const tracks = [new FakeTrack('video', 'screen', 's'), new FakeTrack('audio', 'screen', 's')];
    hardware.display = () => tracks;
    return tracks;
  };

  it("brings its sound, and ends with the browser's own button", async () => {
    const [video, audio] = share();
    let ended = 0;
    media.on('screen-ended', () => ended++);
    await media.startScreen();
    expect(media.state).toMatchObject({ screen: true, screenAudio: true });
    video?.end();
    expect(media.state).toMatchObject({ screen: false, screenAudio: false });
    expect(audio?.readyState).toBe('ended');
    expect(ended).toBe(1);
  });

  it('stopped by ourselves is no event', async () => {
    share();
    let ended = 0;
    media.on('screen-ended', () => ended++);
    await media.startScreen();
    media.stopScreen();
    expect(media.state.screen).toBe(false);
    expect(ended).toBe(0);
  });

  it('a user who chooses nothing keeps what is shared', async () => {
    share();
    await media.startScreen();
    hardware.display = undefined;
    await expect(media.startScreen()).rejects.toMatchObject({ code: 'screen-share-cancelled' });
    expect(media.state.screen).toBe(true);
  });
});
