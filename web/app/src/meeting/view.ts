import type { Receive, View, Want } from '@kaigi/client';
import type { Placed } from './layout';

/** A tile as far as the server is concerned. */
export interface ShownTile {
  key: string;
  participant: string | undefined;
  kind: 'camera' | 'screen';
  on: boolean;
}

export interface Sight {
  tiles: readonly ShownTile[];
  placed: readonly Placed[];
  aspects: Readonly<Record<string, number>>;
  /** The tile that was enlarged. */
  pinned: string | undefined;
  /** The tile that fills the screen, and how high that is in CSS pixels. */
  full: { key: string; height: number } | undefined;
  /** The tile that is seen in a window of its own, and how high that is. */
  pip?: { key: string; height: number } | undefined;
  /** Device pixels for a CSS pixel. */
  pixelRatio: number;
  receive: Receive;
  /** Nobody looks at the page. */
  hidden: boolean;
}

/** Sizes are told in steps, so that a scroll bar that comes and goes changes nothing. */
const stepPixels = 20;
const usualAspect = 16 / 9;

/** What the server is asked for: the pictures on the stage as large as they are shown, the largest first. */
export function viewOf({
  tiles,
  placed,
  aspects,
  pinned,
  full,
  pip,
  pixelRatio,
  receive,
  hidden,
}: Sight): View {
  if (hidden && !pip) return { receive, wants: [] };
  const places = new Map(placed.map((place) => [place.key, place]));
  const wants: Want[] = [];
  for (const { key, participant, kind, on } of tiles) {
    if (participant === undefined || !on) continue;
    const place = hidden || (full && full.key !== key) ? undefined : places.get(key);
    const apart = pip?.key === key ? pip.height : 0;
    if (!place && apart === 0) continue;
    const onPage = place ? (full ? full.height : pictureHeight(place, aspects[key] ?? usualAspect)) : 0;
    const height = Math.max(onPage, apart);
    wants.push({
      participant,
      source: kind,
      height: Math.ceil((height * pixelRatio) / stepPixels) * stepPixels,
      preferred:
        key === pinned ||
        (full !== undefined && place !== undefined) ||
        (place?.role === 'main' && kind === 'screen'),
    });
  }
  const importance = ({ preferred, source, height }: Want) =>
    (preferred ? 2e6 : 0) + (source === 'screen' ? 1e6 : 0) + height;
  return { receive, wants: wants.sort((a, b) => importance(b) - importance(a)) };
}

/** How high the whole picture is in its tile, parts that are cut off included. */
function pictureHeight({ width, height, fit }: Placed, aspect: number): number {
  return fit === 'cover' ? Math.max(height, width / aspect) : Math.min(height, width / aspect);
}
