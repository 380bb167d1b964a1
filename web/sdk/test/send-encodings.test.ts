import { describe, expect, it } from 'vitest';
import { ENCODINGS } from '../src/routed/lines';
import {
  activeLayers,
  cameraEncoding,
  cameraLayers,
  limitEncodings,
  screenEncodings,
} from '../src/sending/encodings';
import { agreedCodec, chooseCodec } from '../src/sending/codec';
import { floorOf, limitsOf, NO_LIMITS } from '../src/sending/limits';
import type { Tracks } from '../src/slots';

const BASE = { maxBitrate: 2_500_000 };
const CAMERA = { camera: {} } as unknown as Tracks;
const BOTH = { camera: {}, screen: {} } as unknown as Tracks;

describe('limits', () => {
  it('are none without a choice and a step', () => {
    expect(limitsOf({}, 0, false, CAMERA)).toEqual(NO_LIMITS);
  });

  it('are the smaller of the choice and of the step', () => {
    expect(limitsOf({ height: 180 }, 1, false, CAMERA).height).toBe(180);
    expect(limitsOf({ height: 720 }, 1, false, CAMERA).height).toBe(360);
    expect(limitsOf({ frameRate: 8 }, 2, false, CAMERA).frameRate).toBe(8);
    expect(limitsOf({}, 3, true, CAMERA).paused).toBe(true);
  });

  it('share a send limit between a screen, which gets most of it, and the camera', () => {
    expect(limitsOf({ bitrate: 400_000 }, 0, false, CAMERA).bitrate.camera).toBe(400_000);
    expect(limitsOf({ bitrate: 400_000 }, 0, false, BOTH).bitrate).toEqual({
      camera: 100_000,
      screen: 300_000,
    });
  });

  it('hold a screen back only where the line is short', () => {
    expect(limitsOf({}, 2, false, BOTH).bitrate.screen).toBeUndefined();
    expect(limitsOf({}, 2, true, BOTH).bitrate.screen).toBe(300_000);
  });

  it('that are chosen amount to a step', () => {
    expect([undefined, 720, 360, 180].map((height) => floorOf(height ? { height } : {}))).toEqual([
      0, 0, 1, 2,
    ]);
  });
});

describe('the camera in a direct connection', () => {
  it('stays as it is without limits', () => {
    const encodings: RTCRtpEncodingParameters[] = [{ ...BASE, scaleResolutionDownBy: 1 }];
    expect(limitEncodings(encodings, [cameraEncoding(BASE, NO_LIMITS, 720)])).toBe(false);
    expect(encodings).toEqual([{ ...BASE, scaleResolutionDownBy: 1 }]);
  });

  it('is scaled from what the camera gives, never up', () => {
    const limits = { ...NO_LIMITS, height: 180 };
    expect(cameraEncoding(BASE, limits, 720).scaleResolutionDownBy).toBe(4);
    expect(cameraEncoding(BASE, limits, 480).scaleResolutionDownBy).toBeCloseTo(2.667, 2);
    expect(cameraEncoding(BASE, limits, 90).scaleResolutionDownBy).toBe(1);
  });

  it('costs no more than is chosen, nor than is of use at its size', () => {
    const limits = { ...NO_LIMITS, height: 180 };
    expect(cameraEncoding(BASE, limits, 720).maxBitrate).toBe(350_000);
    const held = { ...limits, bitrate: { camera: 100_000, screen: undefined } };
    expect(cameraEncoding(BASE, held, 720).maxBitrate).toBe(100_000);
  });

  it('is as it was once the limits are gone', () => {
    const encodings: RTCRtpEncodingParameters[] = [{ ...BASE }];
    limitEncodings(encodings, [cameraEncoding(BASE, { ...NO_LIMITS, height: 180, frameRate: 10 }, 720)]);
    expect(encodings[0]).toMatchObject({ scaleResolutionDownBy: 4, maxFramerate: 10, maxBitrate: 350_000 });
    limitEncodings(encodings, [cameraEncoding(BASE, NO_LIMITS, 720)]);
    expect(encodings[0]).toMatchObject({ scaleResolutionDownBy: 1, maxBitrate: 2_500_000 });
    expect(encodings[0]?.maxFramerate).toBeUndefined();
  });
});

describe('the layers of a camera', () => {
  const layers = (limits: Partial<typeof NO_LIMITS>, captured?: number) =>
    cameraLayers(ENCODINGS.camera, { ...NO_LIMITS, ...limits }, captured);
  const allowed = (all: ReturnType<typeof layers>) => all.map((layer) => layer.allowed);

  it('stay as they are without limits', () => {
    const encodings = structuredClone(ENCODINGS.camera);
    expect(limitEncodings(encodings, layers({}, 720))).toBe(false);
    expect(allowed(layers({}))).toEqual([true, true, true]);
  });

  it('rest where they are higher than wanted', () => {
    expect(allowed(layers({ height: 360 }))).toEqual([true, true, false]);
    expect(allowed(layers({ height: 180 }))).toEqual([true, false, false]);
    expect(allowed(layers({ paused: true }))).toEqual([false, false, false]);
  });

  it('are as high as ever when the camera gives less', () => {
    expect(layers({ height: 360 }, 360).map((layer) => layer.scaleResolutionDownBy)).toEqual([2, 1, 1]);
    expect(layers({ height: 180 }, 180)[0]?.scaleResolutionDownBy).toBe(1);
    expect(layers({ height: 180 }, 720)[0]?.scaleResolutionDownBy).toBe(4);
  });

  it.each([100_000, 250_000, 500_000, 1_000_000, 2_000_000])('stay within %d bit/s together', (camera) => {
    const all = layers({ bitrate: { camera, screen: undefined } });
    const sum = all.reduce((total, layer) => total + (layer.allowed ? (layer.maxBitrate ?? 0) : 0), 0);
    expect(sum).toBeLessThanOrEqual(camera);
    expect(all[0]?.allowed).toBe(true);
  });

  it("of a screen are never scaled by one's limits", () => {
    const limits = { ...NO_LIMITS, height: 180, bitrate: { camera: undefined, screen: 400_000 } };
    const screen = screenEncodings(ENCODINGS.screen, limits);
    expect(screen.map((layer) => layer.scaleResolutionDownBy)).toEqual([2, 1]);
    expect(allowed(screen)).toEqual([true, false]);
  });
});

describe('layers that are watched', () => {
  it('are sent if they are allowed', () => {
    expect(activeLayers([true, false, true], [true, true, true])).toEqual([true, false, true]);
  });

  it('and not allowed are made up for by the highest that is', () => {
    expect(activeLayers([false, false, true], [true, true, false])).toEqual([false, true, false]);
    expect(activeLayers([false, false, true], [true, false, false])).toEqual([true, false, false]);
  });

  it('are none when nobody watches, or nothing is allowed', () => {
    expect(activeLayers([false, false, false], [true, true, false])).toEqual([false, false, false]);
    expect(activeLayers([true, true, true], [false, false, false])).toEqual([false, false, false]);
  });
});

describe('a codec', () => {
  const parameters = () =>
    ({
      encodings: [{}],
      codecs: [
        { mimeType: 'video/VP8', clockRate: 90_000, payloadType: 96 },
        { mimeType: 'video/rtx', clockRate: 90_000, payloadType: 97, sdpFmtpLine: 'apt=96' },
        { mimeType: 'video/H264', clockRate: 90_000, payloadType: 98, sdpFmtpLine: 'packetization-mode=1' },
      ],
    }) as unknown as RTCRtpSendParameters & { encodings: [{ codec?: RTCRtpCodec }] };

  it('is chosen among those that both have', () => {
    const had = parameters();
    expect(chooseCodec(had, 'H264')).toBe(true);
    expect(had.encodings[0].codec).toEqual({
      mimeType: 'video/H264',
      clockRate: 90_000,
      sdpFmtpLine: 'packetization-mode=1',
    });
    expect(chooseCodec(had, 'H264')).toBe(false);
  });

  it('is the one agreed on again when the choice is given back, which Chromium then does not list first', () => {
    const sender = {} as RTCRtpSender;
    const had = parameters();
    expect(agreedCodec(sender, had)).toBe('VP8');
    expect(chooseCodec(had, 'H264', 'VP8')).toBe(true);
    had.codecs.reverse();
    expect(agreedCodec(sender, had)).toBe('VP8');
    expect(chooseCodec(had, undefined, 'VP8')).toBe(true);
    expect(had.encodings[0].codec?.mimeType).toBe('video/VP8');
    expect(chooseCodec(had, undefined, 'VP8')).toBe(false);
  });

  it('that was never chosen is left to the browser', () => {
    expect(chooseCodec(parameters(), undefined)).toBe(false);
  });

  it('that the other side has not is left alone', () => {
    const had = parameters();
    expect(chooseCodec(had, 'AV1')).toBe(false);
    expect(had.encodings[0].codec).toBeUndefined();
  });
});
