import type { Tracks } from '../slots';
import type { Step } from './policy';
import type { SendQuality } from './types';

/** What one's own pictures are held to on every connection. */
export interface PictureLimits {
  /** The camera's picture is at most so high, in pixels. */
  readonly height: number | undefined;
  readonly frameRate: number | undefined;
  /** Bits per second for each source; undefined: what is usual. */
  readonly bitrate: { readonly camera: number | undefined; readonly screen: number | undefined };
  /** No picture of the camera is sent at all. */
  readonly paused: boolean;
  readonly codec: string | undefined;
}

export const NO_LIMITS: PictureLimits = {
  height: undefined,
  frameRate: undefined,
  bitrate: { camera: undefined, screen: undefined },
  paused: false,
  codec: undefined,
};

/** What each step leaves of the camera's picture, and of a shared screen. */
const STEPS: Record<1 | 2 | 3, { height: number; frameRate: number; screen: number }> = {
  1: { height: 360, frameRate: 24, screen: 1_000_000 },
  2: { height: 180, frameRate: 12, screen: 300_000 },
  3: { height: 180, frameRate: 12, screen: 100_000 },
};

/** Letters need more than faces. */
const SCREEN_SHARE = 0.75;

/** One's own choice, and what the policy leaves of it. `slow`: the line is why, not the processor. */
export function limitsOf(quality: SendQuality, step: Step, slow: boolean, tracks: Tracks): PictureLimits {
  const reduced = step === 0 ? undefined : STEPS[step];
  const { bitrate } = quality;
  const screenOn = tracks.screen !== undefined;
  const camera = bitrate === undefined ? undefined : screenOn ? bitrate * (1 - SCREEN_SHARE) : bitrate;
  const screen = bitrate === undefined ? undefined : tracks.camera ? bitrate * SCREEN_SHARE : bitrate;
  return {
    height: least(quality.height, reduced?.height),
    frameRate: least(quality.frameRate, reduced?.frameRate),
    bitrate: { camera, screen: least(screen, slow ? reduced?.screen : undefined) },
    paused: step === 3,
    codec: quality.codec,
  };
}

/** The step that one's own choice of a height amounts to. */
export function floorOf({ height }: SendQuality): Step {
  if (height === undefined || height > STEPS[1].height) return 0;
  return height > STEPS[2].height ? 1 : 2;
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}
