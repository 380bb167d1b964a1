import type { Receive, RemoteParticipant, Room } from '@kaigi/client';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSameMap } from '../core/alike';
import { useMediaQuery, useSize } from '../core/hooks';
import { useBreakouts, useLocalSpeaking, useOwnHand, type LocalMediaView } from '../core/useSdk';
import { later } from '../ui/later';
import { AloneCard } from './AloneCard';
import { arrange, nameInsets, type Corner, type TileShape } from './layout';
import type { PipControls } from './PipStage';
import { Pager } from './Pager';
import type { Layout } from './plan';
import { useSigns } from './QualityMark';
import { Tile } from './Tile';
import { tilesOf } from './tiles';
import type { Pip } from './usePip';
import { useStagePlan } from './useStagePlan';
import { useFullTile, useView } from './useView';

const PipStage = later(() => import('./PipStage'));

/** How high a picture is asked for where the browser does not say how high it shows it. */
const pipPixels = 240;

/** All tiles: siblings at fixed places in the tree, moved only by style, so that no video ever restarts. */
export function Stage({
  room,
  view,
  participants,
  selfView,
  layout,
  receive,
  pip,
  pipControls,
  onHideSelf,
  onInvite,
}: {
  room: Room;
  view: LocalMediaView;
  participants: readonly RemoteParticipant[];
  selfView: boolean;
  layout: Layout;
  receive: Receive;
  pip: Pip;
  pipControls: PipControls;
  onHideSelf: () => void;
  onInvite: () => void;
}) {
  const { t } = useTranslation();
  const stage = useRef<HTMLDivElement>(null);
  const size = useSize(stage);
  const compact = useMediaQuery('(max-width: 719px), (max-height: 479px)');
  const speaking = useLocalSpeaking(room);
  const signs = useSigns(room);
  const hand = useOwnHand(room);
  const [aspects, setAspects] = useState<Readonly<Record<string, number>>>({});
  const [pinned, setPinned] = useState<string>();
  const [page, setPage] = useState(0);
  const [corner, setCorner] = useState<Corner>('bottom-right');
  const alone = participants.length === 0;
  // The others are there, in rooms of their own.
  const brokenOut = useBreakouts(room).rooms.length > 0;

  const onAspect = useCallback((key: string, aspect: number) => {
    setAspects((known) =>
      Math.abs((known[key] ?? 0) - aspect) < 0.01 ? known : { ...known, [key]: aspect },
    );
  }, []);
  const { window: pipWindow } = pip;
  const closePip = useCallback(() => pipWindow?.close(), [pipWindow]);
  const onPin = useCallback((key: string) => setPinned((before) => (before === key ? undefined : key)), []);

  const tiles = useMemo(
    () => tilesOf(room, view, participants, { self: selfView || alone, speaking, receive, hand }, t),
    [room, view, participants, selfView, alone, speaking, receive, hand, t],
  );
  // What is pinned is pinned for as long as it is there: a screen shared later is another one.
  if (pinned !== undefined && !tiles.some(({ key }) => key === pinned)) setPinned(undefined);

  const area = { ...size, gap: compact ? 6 : 12 };
  const full = useFullTile();
  const plan = useStagePlan(area, tiles, participants, { pinned, full, layout, page });
  const shapes = plan.shown.flatMap((key): TileShape[] => {
    const tile = tiles.find((one) => one.key === key);
    return tile ? [{ key, kind: tile.kind, own: tile.own, aspect: tile.on ? aspects[key] : undefined }] : [];
  });
  const placed = arrange(area, shapes, { mains: plan.mains, corner });

  // A small window shows one tile: what is large, or who has spoken.
  const heard = plan.shown.find((key) => key === plan.speaker);
  const apart = tiles.find(({ key }) => key === (plan.mains[0] ?? heard ?? plan.shown[0]));
  const pipKey = pip.window ? apart?.key : pip.video;
  const inPip =
    pipKey === undefined ? undefined : { key: pipKey, height: pip.window?.innerHeight ?? pipPixels };

  useView(room, tiles, placed, aspects, pinned, full, inPip, receive);

  const places = new Map(placed.map((place) => [place.key, place]));
  // The same function until a track is somebody else's: then every tile has to look at its picture again.
  const owners = useSameMap(
    new Map(tiles.flatMap(({ key, track }) => (track ? [[track, key] as const] : []))),
  );
  const isOthers = useCallback(
    (track: MediaStreamTrack, key: string) => (owners.get(track) ?? key) !== key,
    [owners],
  );
  const floating = placed.find((place) => place.role === 'floating');

  return (
    <main className="stage-area" aria-label={t('meeting.stage')}>
      <div className="stage" ref={stage}>
        {tiles.map((tile) => {
          const place = places.get(tile.key);
          return (
            <Tile
              key={tile.key}
              content={tile}
              signs={signs}
              placed={place}
              insets={place && nameInsets(place, floating)}
              pinned={pinned === tile.key}
              onPin={tiles.length > 2 || pinned === tile.key ? onPin : undefined}
              onHide={tile.own && tile.kind === 'camera' && !alone ? onHideSelf : undefined}
              corner={corner}
              onCorner={setCorner}
              onAspect={onAspect}
              isOthers={isOthers}
            />
          );
        })}
        {alone && !brokenOut && <AloneCard room={room.name} onInvite={onInvite} />}
      </div>
      {pip.window && <PipStage window={pip.window} tile={apart} controls={pipControls} onClose={closePip} />}
      {plan.pages > 1 && <Pager page={plan.page} pages={plan.pages} onPage={setPage} />}
    </main>
  );
}
