import type { Unit } from './series';

/** The least that fills a plot's height: a line that trembles at the bottom is not to look like a storm. */
const leastTop: Record<Unit, number> = {
  bitrate: 100_000,
  share: 0.05,
  milliseconds: 20,
  frames: 30,
  lines: 360,
};

/** A round number that leaves some room above the largest value. */
export function axisTop(most: number, unit: Unit): number {
  const wanted = Math.max(most, leastTop[unit]);
  if (unit === 'share') return [0.05, 0.1, 0.25, 0.5, 1].find((top) => top >= wanted) ?? 1;
  if (unit === 'lines') return [180, 360, 540, 720, 1080, 1440, 2160].find((top) => top >= wanted) ?? wanted;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= wanted) ?? 10;
  return step * power;
}

export interface Plotted {
  /** The line, broken where nothing is known. */
  line: string;
  /** The same, closed down to the axis. */
  area: string;
}

/**
 * SVG paths of values over time, in a box `width` by `height`; the right edge is `now`. Samples further apart than
 * `gapMilliseconds` are not joined: the page slept.
 */
export function plot(
  values: readonly (number | undefined)[],
  times: readonly number[],
  box: { width: number; height: number; span: number; now: number; top: number; gapMilliseconds: number },
): Plotted {
  const { width, height, span, now, top, gapMilliseconds } = box;
  const runs: { x: number; y: number }[][] = [];
  let before = -Infinity;
  values.forEach((value, index) => {
    const at = times[index];
    if (value === undefined || at === undefined || now - at > span) return;
    const point = {
      x: round(width * (1 - (now - at) / span)),
      y: round(height * (1 - Math.min(1, Math.max(0, value / top)))),
    };
    const joined = at - before <= gapMilliseconds && values[index - 1] !== undefined;
    before = at;
    const run = joined ? runs.at(-1) : undefined;
    if (run) run.push(point);
    else runs.push([point]);
  });
  const path = (run: { x: number; y: number }[]) => run.map(({ x, y }) => `${x} ${y}`).join('L');
  return {
    // A lone value is a dot: a line of no length with round ends.
    line: runs.map((run) => `M${path(run)}${run.length === 1 ? 'h0' : ''}`).join(''),
    area: runs
      .filter((run) => run.length > 1)
      .map((run) => `M${run[0]?.x ?? 0} ${height}L${path(run)}L${run.at(-1)?.x ?? 0} ${height}Z`)
      .join(''),
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
