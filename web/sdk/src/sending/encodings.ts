import type { PictureLimits } from './limits';

/** What an encoding is to be like; what is undefined is the browser's. */
export interface EncodingLimits {
  readonly allowed: boolean;
  readonly scaleResolutionDownBy: number;
  readonly maxBitrate: number | undefined;
  readonly maxFramerate: number | undefined;
}

/** As high as the pictures of a camera are by default. */
const CAMERA_HEIGHT = 720;
/** A picture of so many lines is good at so many bits a second; more would be wasted on it. */
const ENOUGH: readonly (readonly [height: number, bitrate: number])[] = [
  [180, 350_000],
  [360, 900_000],
  [540, 1_700_000],
];
/** Less than this is not worth a simulcast layer, lowest first. */
const LEAST_LAYER = [0, 200_000, 600_000] as const;

/** The one encoding of a camera in a direct connection. `captured`: the height of what the camera gives. */
export function cameraEncoding(
  base: RTCRtpEncodingParameters,
  limits: PictureLimits,
  captured = CAMERA_HEIGHT,
): EncodingLimits {
  const height = Math.min(captured, limits.height ?? captured);
  const enough = limits.height === undefined ? undefined : ENOUGH.find(([lines]) => height <= lines)?.[1];
  return {
    allowed: !limits.paused,
    scaleResolutionDownBy: downBy(captured, height),
    maxBitrate: least(base.maxBitrate, enough, limits.bitrate.camera),
    maxFramerate: limits.frameRate,
  };
}

/** The simulcast layers of a camera in a routed connection, lowest first: the ones that are too high rest. */
export function cameraLayers(
  bases: readonly RTCRtpEncodingParameters[],
  limits: PictureLimits,
  captured = CAMERA_HEIGHT,
): EncodingLimits[] {
  let left = limits.bitrate.camera ?? Infinity;
  let within = !limits.paused;
  return bases.map((base, layer) => {
    const by = base.scaleResolutionDownBy ?? 1;
    // A camera that gives less than usual still has its lowest layer as high as others have, where it can.
    const target = CAMERA_HEIGHT / by;
    const scale = limits.height === undefined ? by : downBy(captured, target);
    const share = Math.min(base.maxBitrate ?? Infinity, left);
    // The lowest is always there: something has to be seen.
    const fits = layer === 0 || ((limits.height ?? Infinity) >= target && share >= (LEAST_LAYER[layer] ?? 0));
    within &&= fits;
    if (within) left -= share;
    return {
      allowed: within,
      scaleResolutionDownBy: scale,
      maxBitrate: within && share < Infinity ? share : base.maxBitrate,
      maxFramerate: limits.frameRate,
    };
  });
}

/** The encodings of a shared screen: never scaled, because every letter counts. */
export function screenEncodings(
  bases: readonly RTCRtpEncodingParameters[],
  limits: PictureLimits,
): EncodingLimits[] {
  let left = limits.bitrate.screen ?? Infinity;
  let within = true;
  return bases.map((base, layer) => {
    const share = Math.min(base.maxBitrate ?? Infinity, left);
    within &&= layer === 0 || share >= (LEAST_LAYER[2] ?? 0);
    if (within) left -= share;
    return {
      allowed: within,
      scaleResolutionDownBy: base.scaleResolutionDownBy ?? 1,
      maxBitrate: within && share < Infinity ? share : base.maxBitrate,
      maxFramerate: limits.frameRate,
    };
  });
}

/**
 * Which layers to send, of those that somebody watches and those that are allowed: who wants a higher one than there
 * is gets the highest there is.
 */
export function activeLayers(watched: readonly boolean[], allowed: readonly boolean[]): boolean[] {
  const top = allowed.lastIndexOf(true);
  return allowed.map((may, layer) => {
    if (!may) return false;
    return layer === top ? watched.slice(top).some(Boolean) : (watched[layer] ?? false);
  });
}

/** Puts limits into what a sender has. False where that changes nothing. */
export function limitEncodings(
  encodings: RTCRtpEncodingParameters[],
  limits: readonly EncodingLimits[],
): boolean {
  let changed = false;
  encodings.forEach((encoding, index) => {
    const limit = limits[index];
    if (!limit) return;
    const wanted = {
      scaleResolutionDownBy: limit.scaleResolutionDownBy,
      maxBitrate: limit.maxBitrate,
      maxFramerate: limit.maxFramerate,
    };
    for (const name of ['scaleResolutionDownBy', 'maxBitrate', 'maxFramerate'] as const) {
      const before = encoding[name] ?? (name === 'scaleResolutionDownBy' ? 1 : undefined);
      if (before === wanted[name]) continue;
      changed = true;
      Object.assign(encoding, { [name]: wanted[name] });
    }
  });
  return changed;
}

function downBy(captured: number, height: number): number {
  return Math.max(1, captured / height);
}

function least(...values: (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? Math.round(Math.min(...known)) : undefined;
}
