import type { Stage } from './layout';
import type { Seats } from './seats';

export type Layout = 'grid' | 'speaker';

/** Tiles by what they may do on the stage. */
export interface Cast {
  /** The others' shared screens, the first to be shared first. */
  screens: readonly string[];
  /** One's own tiles: on every page, as they cost nothing to receive. */
  own: readonly string[];
  /** How many cameras the others have, or could have. */
  others: number;
  /** The tile somebody has pinned, if it is there. */
  pinned: string | undefined;
  layout: Layout;
}

/** What the stage has room for. */
export interface Room {
  /** Tiles that are large whoever speaks; without any, the first seat has the stage in the speaker view. */
  mains: readonly string[];
  /** The first seat has the stage. */
  firstSeat: boolean;
  /** Seats on a page. */
  perPage: number;
}

export interface Plan {
  /** What is large. */
  mains: readonly string[];
  /** All that is seen, in the order of the tiles. */
  shown: readonly string[];
  page: number;
  pages: number;
}

/** Tiles on a full page of the grid. */
const pageSizes = [1, 2, 3, 4, 6, 9, 12, 16, 20, 25, 36, 49] as const;
/** A tile of 169 × 95 still shows who it is. */
const leastTilePixels = 16_000;
/** A stage with a side shorter than this is a phone's, looked at from an arm's length. */
const smallStagePixels = 480;
const mostOnSmallStage = 9;
/** A face in the strip beside what is large; less where there is less of everything. */
const leastStripPixels = 84;
const leastStripShare = 0.17;

/** A pinned tile has the stage; without one, shared screens have; without those, who speaks, if that is wished. */
export function makeRoom(stage: Stage, { screens, own, others, pinned, layout }: Cast): Room {
  const mains = pinned === undefined ? screens.slice(0, mostScreens(stage)) : [pinned];
  // A talk of two has a layout of its own.
  const firstSeat = mains.length === 0 && layout === 'speaker' && others > 1;
  const beside =
    screens.filter((key) => !mains.includes(key)).length + own.filter((key) => key !== pinned).length;
  const capacity = mains.length > 0 || firstSeat ? stripCapacity(stage) : gridCapacity(stage);
  return { mains, firstSeat, perPage: Math.max(1, capacity - beside) };
}

/** Who is seen on a page; a page that does not exist any more is the last one. */
export function planStage({ screens, own }: Cast, room: Room, seats: Seats, page: number): Plan {
  const [first] = seats;
  const mains = room.firstSeat && first !== undefined ? [first] : room.mains;
  const waiting = seats.filter((key) => !mains.includes(key));
  const pages = Math.max(1, Math.ceil(waiting.length / room.perPage));
  const current = Math.min(Math.max(0, page), pages - 1);
  const start = current * room.perPage;
  return {
    mains,
    shown: [
      ...mains,
      ...screens.filter((key) => !mains.includes(key)),
      ...waiting.slice(start, start + room.perPage),
      ...own.filter((key) => !mains.includes(key)),
    ],
    page: current,
    pages,
  };
}

export function gridCapacity({ width, height }: Stage): number {
  const most = Math.min(width, height) < smallStagePixels ? mostOnSmallStage : Infinity;
  const fit = Math.min(most, (width * height) / leastTilePixels);
  return pageSizes.findLast((size) => size <= fit) ?? 1;
}

export function stripCapacity({ width, height, gap }: Stage): number {
  const long = width / height >= 1.1 ? height : width;
  const least = Math.min(leastStripPixels, long * leastStripShare);
  return Math.max(1, Math.floor((long + gap) / (least + gap)));
}

function mostScreens({ width, height }: Stage): number {
  return Math.min(width, height) < smallStagePixels ? 2 : 4;
}
