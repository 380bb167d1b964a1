import type { SendQuality } from './types';

const USUAL = { height: 720, frameRate: 30 };
const ASPECT = 16 / 9;

/** What is asked of the camera. A wish: it gives what it can. */
export function cameraConstraints({
  height = USUAL.height,
  frameRate = USUAL.frameRate,
}: SendQuality): MediaTrackConstraints {
  return {
    width: { ideal: Math.round(height * ASPECT) },
    height: { ideal: height },
    frameRate: { ideal: frameRate, max: frameRate },
  };
}
