import type { Receive, RemoteParticipant, Room } from '@kaigi/client';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMediaQuery, useSize } from '../core/hooks';
import { useLocalSpeaking, type LocalMediaView } from '../core/useSdk';
import { AloneCard } from './AloneCard';
import { arrange, nameInsets, type Corner, type TileShape } from './layout';
import { Tile, type TileContent } from './Tile';
import { useView } from './useView';

/** All tiles: siblings at fixed places in the tree, moved only by style, so that no video ever restarts. */
export function Stage({
  room,
  view,
  participants,
  selfView,
  receive,
  onHideSelf,
  onInvite,
}: {
  room: Room;
  view: LocalMediaView;
  participants: readonly RemoteParticipant[];
  selfView: boolean;
  receive: Receive;
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
    () => tilesOf(room, view, participants, { self: selfView || alone, speaking, receive }, t),
    [room, view, participants, selfView, alone, speaking, receive, t],
  );
  const shapes: TileShape[] = tiles.map((tile) => ({
    key: tile.key,
    kind: tile.kind,
    own: tile.own,
    aspect: tile.on ? aspects[tile.key] : undefined,
  }));
  const placed = arrange({ ...size, gap: compact ? 6 : 12 }, shapes, { spotlight: pinned, corner });

  useView(room, tiles, placed, aspects, pinned, receive);

  const places = new Map(placed.map((place) => [place.key, place]));
  const owners = new Map(tiles.flatMap(({ key, track }) => (track ? [[track, key] as const] : [])));
  const isOthers = (track: MediaStreamTrack, key: string) => (owners.get(track) ?? key) !== key;
  const floating = placed.find((place) => place.role === 'floating');

  return (
    <main className="stage" ref={stage} aria-label={t('meeting.stage')}>
      {tiles.map((tile) => {
        const place = places.get(tile.key);
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
            isOthers={isOthers}
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
  { self, speaking, receive }: { self: boolean; speaking: boolean; receive: Receive },
  t: ReturnType<typeof useTranslation>['t'],
): TileContent[] {
  const tiles: TileContent[] = [];
  for (const person of participants) {
    const { id, name, connected, path, videoPaused } = person;
    const common = { participant: id, name, own: false, connected, path };
    const seen = receive !== 'audio-only';
    tiles.push({
      ...common,
      key: `${person.id}:camera`,
      kind: 'camera',
      label: person.name,
      form: undefined,
      track: person.tracks.camera,
      on: person.media.camera && seen,
      paused: person.media.camera && videoPaused.camera !== undefined,
      muted: !person.media.mic,
      speaking: person.speaking && person.media.mic,
    });
    if (person.media.screen && seen) {
      tiles.push({
        ...common,
        key: `${person.id}:screen`,
        kind: 'screen',
        label: t('tile.screen', { name: person.name }),
        form: 'tile.screen',
        track: person.tracks.screen,
        on: true,
        paused: videoPaused.screen !== undefined,
        muted: false,
        speaking: false,
      });
    }
  }
  const own = {
    participant: undefined,
    name: room.displayName,
    own: true,
    paused: false,
    connected: true,
    path: 'direct' as const,
  };
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
