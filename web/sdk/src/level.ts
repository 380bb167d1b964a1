/** The meter's lower end: below is the noise of the device itself. */
const FLOOR_DECIBEL = -60;

/** Linear amplitude (0..1 of full scale) to dBFS. */
export function toDecibel(amplitude: number): number {
  return amplitude > 0 ? 20 * Math.log10(amplitude) : -Infinity;
}

/** dBFS to a meter's 0..1: as loudness is heard, not as voltage is measured. */
export function toLevel(decibel: number): number {
  return Math.min(1, Math.max(0, 1 - decibel / FLOOR_DECIBEL));
}

/** A meter's 0..1 back to dBFS. */
export function fromLevel(level: number): number {
  return level > 0 ? (1 - level) * FLOOR_DECIBEL : -Infinity;
}
