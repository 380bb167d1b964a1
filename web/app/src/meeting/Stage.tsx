import type { RemoteParticipant, Room } from '@kaigi/client';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMediaQuery, useSize } from '../core/hooks';
import { useLocalSpeaking, type LocalMediaView } from '../core/useSdk';
import { AloneCard } from './AloneCard';
import { arrange, nameInsets, type Corner, type TileShape } from './layout';
import { Tile, type TileContent } from './Tile';

/** All tiles: siblings at fixed places in the tree, moved only by style, so that no video ever restarts. */
export function Stage({
  room,
  view,
  participants,
  selfView,
  onHideSelf,
  onInvite,
}: {
  room: Room;
  view: LocalMediaView;
  participants: readonly RemoteParticipant[];
  selfView: boolean;
  onHideSelf: () => void;
  onInvite: () => void;
}) {
  const { t } = useTranslation();
  const stage = useRef<HTMLDivElement>(null);
  const size = useSize(stage);
  const compact = useMediaQuery('(max-width: 719px), (max-height: 479px)');
  const speaking = useLocalSpeaking(room);
  const [aspects, setAspects] = useState<Readonly<Record<string, number>>>({});
  const [pinned, setPinned] = useState<string>();
  const [corner, setCorner] = useState<Corner>('bottom-right');
  const alone = participants.length === 0;

  const onAspect = useCallback((key: string, aspect: number) => {
    setAspects((known) =>
      Math.abs((known[key] ?? 0) - aspect) < 0.01 ? known : { ...known, [key]: aspect },
    );
  }, []);
  const onPin = useCallback((key: string) => setPinned((before) => (before === key ? undefined : key)), []);

  const tiles = useMemo(
    () => tilesOf(room, view, participants, selfView || alone, speaking, t),
    [room, view, participants, selfView, alone, speaking, t],
  );
  const shapes: TileShape[] = tiles.map((tile) => ({
    key: tile.key,
    kind: tile.kind,
    own: tile.own,
    aspect: tile.on ? aspects[tile.key] : undefined,
  }));
  const placed = arrange({ ...size, gap: compact ? 6 : 12 }, shapes, { spotlight: pinned, corner });

  const floating = placed.find((place) => place.role === 'floating');

  return (
    <main className="stage" ref={stage} aria-label={t('meeting.stage')}>
      {tiles.map((tile) => {
        const place = placed.find((place) => place.key === tile.key);
        return (
          <Tile
            key={tile.key}
            content={tile}
            placed={place}
            insets={place && nameInsets(place, floating)}
            pinned={pinned === tile.key}
            onPin={tiles.length > 2 ? onPin : undefined}
            onHide={tile.own && tile.kind === 'camera' && !alone ? onHideSelf : undefined}
            corner={corner}
            onCorner={setCorner}
            onAspect={onAspect}
          />
        );
      })}
      {alone && <AloneCard room={room.name} onInvite={onInvite} />}
    </main>
  );
}

function tilesOf(
  room: Room,
  view: LocalMediaView,
  participants: readonly RemoteParticipant[],
  self: boolean,
  speaking: boolean,
  t: ReturnType<typeof useTranslation>['t'],
): TileContent[] {
  const tiles: TileContent[] = [];
  for (const person of participants) {
    const common = { name: person.name, own: false, connected: person.connected, path: person.path };
    tiles.push({
      ...common,
      key: `${person.id}:camera`,
      kind: 'camera',
      label: person.name,
      form: undefined,
      track: person.tracks.camera,
      on: person.media.camera,
      muted: !person.media.mic,
      speaking: person.speaking && person.media.mic,
    });
    if (person.media.screen) {
      tiles.push({
        ...common,
        key: `${person.id}:screen`,
        kind: 'screen',
        label: t('tile.screen', { name: person.name }),
        form: 'tile.screen',
        track: person.tracks.screen,
        on: true,
        muted: false,
        speaking: false,
      });
    }
  }
  const own = { name: room.displayName, own: true, connected: true, path: 'direct' as const };
  if (view.state.screen) {
    tiles.push({
      ...own,
      key: 'own:screen',
      kind: 'screen',
      label: t('tile.screen', { name: room.displayName }),
      form: 'tile.screen',
      track: view.tracks.screen,
      on: true,
      muted: false,
      speaking: false,
    });
  }
  if (self) {
    tiles.push({
      ...own,
      key: 'own:camera',
      kind: 'camera',
      label: t('tile.you', { name: room.displayName }),
      form: 'tile.you',
      track: view.tracks.camera,
      on: view.state.camera,
      muted: !view.state.mic,
      speaking: speaking && view.state.mic,
    });
  }
  return tiles;
}
