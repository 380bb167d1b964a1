import type { PeerPath, Receive, RemoteParticipant, Room } from '@kaigi/client';
import type { TFunction } from 'i18next';
import type { LocalMediaView } from '../core/useSdk';
import { handOrder } from '../together/hands';
import type { NameForm } from '../ui/NameLabel';

/** What a tile shows. */
export interface TileContent {
  key: string;
  /** Whose, if not one's own. */
  participant: string | undefined;
  kind: 'camera' | 'screen';
  own: boolean;
  /** The accessible name: the person's name and what `form` says about it. */
  label: string;
  name: string;
  form: NameForm | undefined;
  track: MediaStreamTrack | undefined;
  on: boolean;
  /** The picture is held back: our network does not carry it. */
  paused: boolean;
  muted: boolean;
  speaking: boolean;
  /** The hand is up, as which of those that are. */
  hand?: number | undefined;
  connected: boolean;
  path: PeerPath;
}

export const cameraKey = (participant: string) => `${participant}:camera`;
export const screenKey = (participant: string) => `${participant}:screen`;
export const ownCamera = 'own:camera';
export const ownScreen = 'own:screen';

/** A tile for each picture there could be: the others in the order in which they came, then one's own. */
export function tilesOf(
  room: Room,
  view: LocalMediaView,
  participants: readonly RemoteParticipant[],
  {
    self,
    speaking,
    receive,
    hand,
  }: { self: boolean; speaking: boolean; receive: Receive; hand?: number | undefined },
  t: TFunction,
): TileContent[] {
  const tiles: TileContent[] = [];
  const hands = handOrder([...participants, { id: room.id, hand }]);
  for (const person of participants) {
    const { id, name, connected, path, videoPaused } = person;
    const common = { participant: id, name, own: false, connected, path };
    const seen = receive !== 'audio-only';
    tiles.push({
      ...common,
      key: cameraKey(id),
      kind: 'camera',
      label: person.name,
      form: undefined,
      track: person.tracks.camera,
      on: person.media.camera && seen,
      paused: person.media.camera && videoPaused.camera !== undefined,
      muted: !person.media.mic,
      speaking: person.speaking && person.media.mic,
      hand: hands.get(id),
    });
    if (person.media.screen && seen) {
      tiles.push({
        ...common,
        key: screenKey(id),
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
      key: ownScreen,
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
      key: ownCamera,
      kind: 'camera',
      label: t('tile.you', { name: room.displayName }),
      form: 'tile.you',
      track: view.tracks.camera,
      on: view.state.camera,
      muted: !view.state.mic,
      speaking: speaking && view.state.mic,
      hand: hands.get(room.id),
    });
  }
  return tiles;
}
