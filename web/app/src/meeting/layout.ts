/** Where tiles go on the stage: pure geometry in CSS pixels. Order of the input is order of importance. */
export interface TileShape {
  key: string;
  kind: 'camera' | 'screen';
  /** Oneself: floats over the other in a talk of two. */
  own: boolean;
  /** Width / height of the picture; undefined while unknown. */
  aspect?: number | undefined;
}

export interface Placed {
  key: string;
  x: number;
  y: number;
  width: number;
  height: number;
  /** `floating` lies over the rest, `strip` is small beside the main one. */
  role: 'grid' | 'main' | 'strip' | 'floating';
  /** Fill the tile and cut edges off, or show all with bars. */
  fit: 'cover' | 'contain';
}

export interface Stage {
  width: number;
  height: number;
  gap: number;
}

const usualAspect = 16 / 9;
/** At least this much of a camera picture stays visible when it is cut to fill its tile: faces survive. */
const keepVisible = 0.55;
/** A grid tile is at most this wide and at least this narrow, as long as the stage stays well covered. */
const widest = 2.3;
const narrowest = 0.6;
const enoughCovered = 0.8;
/** What unequal tiles may gain in pictures that are seen. */
const evennessWeight = 0.25;
/** Beside a main tile, others smaller than this can hardly be told apart. */
const leastStripPixels = 56;

/** Where the own picture floats in a talk of two. */
export type Corner = 'top-left' | 'top-right' | 'bottom-left' | 'bottom-right';

/** `mains`: the tiles that are large beside the others. */
export function arrange(
  stage: Stage,
  tiles: readonly TileShape[],
  { mains = [], corner = 'bottom-right' }: { mains?: readonly string[]; corner?: Corner } = {},
): Placed[] {
  if (tiles.length === 0 || stage.width <= 0 || stage.height <= 0) return [];
  const large = tiles.filter(({ key }) => mains.includes(key));
  if (large.length > 0 && tiles.length > 1) {
    return withStrip(
      stage,
      large,
      tiles.filter((tile) => !large.includes(tile)),
    );
  }
  const [first, second] = tiles;
  if (tiles.length === 2 && first && second && first.own !== second.own) {
    const other = first.own ? second : first;
    const self = first.own ? first : second;
    if (self.kind === 'camera' && other.kind === 'camera') {
      return prefersOverlay(stage, other)
        ? overlaid(stage, other, self, corner)
        : stacked(stage, other, self);
    }
  }
  // The lists of cameras and screens are in order; one's own screen steps back behind somebody's face.
  const ownScreen = tiles.some((tile) => tile.kind === 'screen' && tile.own);
  const face = tiles.find((tile) => !tile.own);
  if (ownScreen && face && tiles.length <= 4) {
    return withStrip(
      stage,
      [face],
      tiles.filter((tile) => tile !== face),
    );
  }
  if (tiles.length === 1 && first?.own && first.kind === 'camera') {
    // Alone before the mirror: filling the page looks better than seeing every edge.
    return [{ ...place(first, 0, 0, stage.width, stage.height, 'grid'), fit: 'cover' }];
  }
  return grid(stage, tiles);
}

/** What a floating tile takes from the line at a tile's bottom that holds its name, in pixels. */
export interface NameInsets {
  left: number;
  right: number;
}

/** As high as that line, with its distance from the edge. */
const nameLinePixels = 44;

export function nameInsets(tile: Placed, floating: Placed | undefined): NameInsets {
  if (!floating || floating === tile) return { left: 0, right: 0 };
  const [right, bottom] = [tile.x + tile.width, tile.y + tile.height];
  const floatingRight = floating.x + floating.width;
  const apart =
    floating.y >= bottom ||
    floating.y + floating.height <= bottom - nameLinePixels ||
    floating.x >= right ||
    floatingRight <= tile.x;
  if (apart) return { left: 0, right: 0 };
  return (floating.x + floatingRight) / 2 > (tile.x + right) / 2
    ? { left: 0, right: right - floating.x }
    : { left: floatingRight - tile.x, right: 0 };
}

/** The largest tiles' share of the stage, floating ones not counted twice. */
export function coverage(stage: Stage, placed: readonly Placed[]): number {
  const area = placed
    .filter((tile) => tile.role !== 'floating')
    .reduce((sum, tile) => sum + tile.width * tile.height, 0);
  return area / (stage.width * stage.height);
}

/** An upright phone shows a wide picture better above the own one than cut to a third of its width. */
function prefersOverlay(stage: Stage, other: TileShape): boolean {
  return visibleShare(stage.width / stage.height, other.aspect ?? usualAspect) >= keepVisible;
}

function overlaid(stage: Stage, other: TileShape, self: TileShape, corner: Corner): Placed[] {
  const aspect = Math.min(usualAspect, Math.max(3 / 4, self.aspect ?? usualAspect));
  const area = Math.min(250 * 141, Math.max(120 * 96, stage.width * stage.height * 0.045));
  const width = Math.min(stage.width * 0.34, Math.sqrt(area * aspect));
  const height = width / aspect;
  const margin = Math.max(10, stage.gap);
  return [
    place(other, 0, 0, stage.width, stage.height, 'main'),
    place(
      self,
      corner.endsWith('right') ? stage.width - width - margin : margin,
      corner.startsWith('bottom') ? stage.height - height - margin : margin,
      width,
      height,
      'floating',
    ),
  ];
}

/** One above the other: the other person as large as goes without cutting the picture too much. */
function stacked(stage: Stage, other: TileShape, self: TileShape): Placed[] {
  const { width, height, gap } = stage;
  const half = (height - gap) / 2;
  const tallest = width / (keepVisible * (other.aspect ?? usualAspect));
  const above = Math.max(half, Math.min(height * 0.64, Math.floor(tallest)));
  return [
    place(other, 0, 0, width, above, 'grid'),
    place(self, 0, above + gap, width, height - above - gap, 'grid'),
  ];
}

function withStrip(stage: Stage, mains: readonly TileShape[], others: readonly TileShape[]): Placed[] {
  if (others.length === 0) return beside(stage, mains, 0, 0);
  const { width, height, gap } = stage;
  const side = width / height >= 1.1;
  // The strip takes what the picture leaves free anyway, within limits that keep the main tile large.
  const aspect = mains.length === 1 ? (mains[0]?.aspect ?? usualAspect) : width / height;
  const free = side ? width - height * aspect - gap : height - width / aspect - gap;
  const least = side ? Math.max(112, width * 0.17) : Math.max(84, height * 0.16);
  const most = side ? width * 0.2 : height * 0.2;
  const thickness = Math.min(most, Math.max(least, Math.min(free, 300)));
  const long = side ? height : width;
  // Wide enough for a face each; when they do not fit, all get narrower, then lie in several lines, rather than
  // scrolled away.
  const extentOf = (count: number) => (long - gap * (count - 1)) / count;
  const lines =
    [1, 2, 3].find((count) => extentOf(Math.ceil(others.length / count)) >= leastStripPixels) ?? 3;
  const perLine = Math.ceil(others.length / lines);
  const cell = (thickness - gap * (lines - 1)) / lines;
  const wanted = side ? cell / usualAspect : cell * 1.4;
  const extent = Math.min(wanted * 1.25, extentOf(perLine));
  const start = (long - (extent * perLine + gap * (perLine - 1))) / 2;
  const placedMains = side
    ? beside(stage, mains, thickness + gap, 0)
    : beside(stage, mains, 0, thickness + gap);
  return [
    ...placedMains,
    ...others.map((tile, index) => {
      const offset = start + (index % perLine) * (extent + gap);
      const edge = Math.floor(index / perLine) * (cell + gap);
      return side
        ? place(tile, width - thickness + edge, offset, cell, extent, 'strip')
        : place(tile, offset, height - thickness + edge, extent, cell, 'strip');
    }),
  ];
}

/** What is large shares what the strip leaves of the stage. */
function beside(stage: Stage, mains: readonly TileShape[], right: number, below: number): Placed[] {
  const { width, height, gap } = stage;
  const shared = grid({ width: width - right, height: height - below, gap }, mains);
  return shared.map((tile) => ({ ...tile, role: 'main' as const }));
}

/** Rows or columns, whichever shows more of the pictures; the shorter lines' tiles grow to fill theirs. */
function grid(stage: Stage, tiles: readonly TileShape[]): Placed[] {
  let best: Placed[] = [];
  let bestScore = -1;
  for (let lines = 1; lines <= tiles.length; lines += 1) {
    for (const vertical of [false, true]) {
      for (const larger of ['first', 'last'] as const) {
        const placed = fillLines(stage, tiles, lineLengths(tiles.length, lines, larger), vertical);
        const score = shown(placed, tiles) * evenness(placed) ** evennessWeight;
        if (score > bestScore + 1e-6) {
          best = placed;
          bestScore = score;
        }
      }
    }
  }
  return best;
}

/** 7 in 3 lines: 3, 2, 2 or 2, 2, 3. */
function lineLengths(count: number, lines: number, larger: 'first' | 'last'): number[] {
  const base = Math.floor(count / lines);
  const rest = count % lines;
  return Array.from(
    { length: lines },
    (_, line) => base + ((larger === 'first' ? line < rest : line >= lines - rest) ? 1 : 0),
  );
}

function fillLines(
  stage: Stage,
  tiles: readonly TileShape[],
  lengths: readonly number[],
  vertical: boolean,
): Placed[] {
  const { gap } = stage;
  const along = vertical ? stage.height : stage.width;
  const across = vertical ? stage.width : stage.height;
  const thickness = (across - gap * (lengths.length - 1)) / lengths.length;
  const attempt = (limited: boolean): Placed[] => {
    const placed: Placed[] = [];
    let index = 0;
    lengths.forEach((length, line) => {
      const room = (along - gap * (length - 1)) / length;
      const extent = limited ? limit(room, thickness, vertical) : room;
      const start = (along - (extent * length + gap * (length - 1))) / 2;
      for (let position = 0; position < length; position += 1) {
        const tile = tiles[index++];
        if (!tile) continue;
        const offset = start + position * (extent + gap);
        const edge = line * (thickness + gap);
        placed.push(
          vertical
            ? place(tile, edge, offset, thickness, extent, 'grid')
            : place(tile, offset, edge, extent, thickness, 'grid'),
        );
      }
    });
    return placed;
  };
  const limited = attempt(true);
  return coverage(stage, limited) >= enoughCovered ? limited : attempt(false);
}

function limit(extent: number, thickness: number, vertical: boolean): number {
  return vertical ? Math.min(extent, thickness / narrowest) : Math.min(extent, thickness * widest);
}

/** 1 when all tiles are of one size: nobody is more important by the accident of where a line ends. */
function evenness(placed: readonly Placed[]): number {
  const areas = placed.map(({ width, height }) => width * height);
  return Math.min(...areas) / Math.max(...areas);
}

/** Area of picture that can be seen; small tiles count more, so that nobody is put in a corner. */
function shown(placed: readonly Placed[], tiles: readonly TileShape[]): number {
  return placed.reduce((sum, tile, index) => {
    const { aspect = usualAspect, kind } = tiles[index] ?? {};
    const own = tile.width / tile.height;
    // Cutting off sides costs walls, cutting off top and bottom costs hair and chins. Of a screen nothing is cut off.
    const seen = visibleShare(own, aspect) ** (kind === 'camera' && own > aspect ? 2 : 1);
    return sum + Math.sqrt(tile.width * tile.height * seen);
  }, 0);
}

function place(
  tile: TileShape,
  x: number,
  y: number,
  width: number,
  height: number,
  role: Placed['role'],
): Placed {
  const covers =
    tile.kind === 'camera' && visibleShare(width / height, tile.aspect ?? usualAspect) >= keepVisible;
  return { key: tile.key, x, y, width, height, role, fit: covers ? 'cover' : 'contain' };
}

/** The share of a picture that stays visible when it is cut to a tile's shape. */
function visibleShare(tileAspect: number, pictureAspect: number): number {
  return Math.min(tileAspect / pictureAspect, pictureAspect / tileAspect);
}
