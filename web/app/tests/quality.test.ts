import type { ConnectionStats } from '@kaigi/client';
import { describe, expect, it } from 'vitest';
import { follow, noSigns, tileQuality, type Signs } from '../src/meeting/quality';

const stats = (more: Partial<ConnectionStats> = {}): ConnectionStats => ({
  path: 'server',
  sendBitrate: 0,
  receiveBitrate: 0,
  receiveLoss: 0,
  sendLoss: 0,
  received: {},
  ...more,
});
const track = {} as MediaStreamTrack;
const ann = {
  id: 'ann',
  media: { mic: true, camera: true, screen: false, screenAudio: false },
  tracks: { mic: track, camera: track },
  videoPaused: {},
};
const tile = {
  participant: 'ann',
  kind: 'camera' as const,
  own: false,
  connected: true,
  path: 'server' as const,
  on: true,
  paused: false,
};
const own = { ...tile, participant: undefined, own: true, path: 'direct' as const };
const fine = { bitrate: 500_000, loss: 0, framesPerSecond: 24 };
const after = (seconds: number, more: Partial<ConnectionStats>, from: Signs = noSigns) => {
  let signs = from;
  for (let second = 0; second < seconds; second += 1) signs = follow(signs, stats(more), [ann]);
  return signs;
};

describe('the mark of a tile', () => {
  it('is not there before anything is known', () => {
    expect(tileQuality(tile, noSigns)).toBeUndefined();
    expect(tileQuality({ ...tile, path: 'connecting' }, after(1, {}))).toBeUndefined();
    expect(tileQuality(own, after(3, { path: 'waiting' }))).toBeUndefined();
  });

  it('is good when all comes', () => {
    const signs = after(5, {
      received: { ann: { camera: fine, mic: { bitrate: 40_000, loss: 0 } } },
      roundTripMs: 40,
    });
    expect(tileQuality(tile, signs)).toMatchObject({ bars: 3, reason: 'good' });
    expect(tileQuality(own, signs)).toMatchObject({ bars: 3, reason: 'good' });
  });

  it('says what is lost, of picture or sound, but not for one bad second', () => {
    const bad = { received: { ann: { camera: fine, mic: { bitrate: 40_000, loss: 0.2 } } } };
    const good = after(5, { received: { ann: { camera: fine, mic: { bitrate: 40_000, loss: 0 } } } });
    expect(tileQuality(tile, after(1, bad, good))?.bars).toBe(2);
    const long = tileQuality(tile, after(12, bad, good));
    expect(long).toMatchObject({ bars: 1, reason: 'loss' });
    expect(long?.figure).toBeCloseTo(0.2, 1);
    const settled = after(
      12,
      { received: { ann: { camera: fine, mic: { bitrate: 40_000, loss: 0 } } } },
      after(3, bad),
    );
    expect(tileQuality(tile, settled)?.reason).toBe('good');
  });

  it('says that nothing comes, once that has lasted, and not of a camera that is off', () => {
    const good = after(3, { received: { ann: { camera: fine } } });
    expect(tileQuality(tile, after(2, {}, good))?.reason).toBe('good');
    expect(tileQuality(tile, after(3, {}, good))).toMatchObject({ bars: 1, reason: 'stalled' });
    expect(tileQuality({ ...tile, on: false }, after(9, {}, good))?.reason).toBe('good');
  });

  it('says of few pictures, of a slow line and of one’s own losses', () => {
    expect(
      tileQuality(tile, after(9, { received: { ann: { camera: { ...fine, framesPerSecond: 4 } } } })),
    ).toMatchObject({
      bars: 2,
      reason: 'frames',
      figure: 4,
    });
    expect(tileQuality(own, after(9, { roundTripMs: 700 }))).toMatchObject({
      bars: 1,
      reason: 'delay',
      figure: 700,
    });
    expect(tileQuality(own, after(9, { sendLoss: 0.05 }))).toMatchObject({ bars: 2, reason: 'sendLoss' });
  });

  it('says first what is broken', () => {
    const signs = after(9, { received: { ann: { camera: { ...fine, loss: 0.3 } } } });
    expect(tileQuality({ ...tile, connected: false }, signs)?.reason).toBe('reconnecting');
    expect(tileQuality({ ...tile, path: 'failed' }, signs)?.reason).toBe('failed');
    expect(tileQuality({ ...tile, paused: true }, signs)).toMatchObject({ bars: 1, reason: 'bandwidth' });
  });
});
