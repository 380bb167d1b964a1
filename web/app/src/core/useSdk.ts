import type {
  Breakouts,
  ChatEntry,
  ConnectionStats,
  LocalMedia,
  Permissions,
  RemoteParticipant,
  Room,
  RoomSettings,
  SignalingState,
  WaitingOne,
} from '@kaigi/client';
import { calm } from './calm';
import { useSnapshot } from './store';

/** What a view needs of `LocalMedia`, copied at each change. */
export interface LocalMediaView {
  state: LocalMedia['state'];
  tracks: LocalMedia['tracks'];
  devices: LocalMedia['devices'];
  micDevice: string | undefined;
  cameraDevice: string | undefined;
  micSilent: boolean;
  processing: LocalMedia['processing'];
}

const onMediaChange = (media: LocalMedia, notify: () => void) => media.on('change', notify);
const readMedia = (media: LocalMedia): LocalMediaView => ({
  state: { ...media.state },
  tracks: { ...media.tracks },
  devices: [...media.devices],
  micDevice: media.micDevice,
  cameraDevice: media.cameraDevice,
  micSilent: media.micSilent,
  processing: { ...media.processing },
});

export function useLocalMedia(media: LocalMedia): LocalMediaView {
  return useSnapshot(media, onMediaChange, readMedia);
}

/** In a smaller room every change is drawn as it comes. */
const largeRoom = 30;
const onParticipants = (room: Room, notify: () => void) => {
  const calmed = calm(notify);
  const stop = room.on('participants', ({ length }) => calmed(length < largeRoom));
  return () => {
    stop();
    calmed.stop();
  };
};
const readParticipants = (room: Room): readonly RemoteParticipant[] => [...room.participants];
export const useParticipants = (room: Room) => useSnapshot(room, onParticipants, readParticipants);

const onChat = (room: Room, notify: () => void) => {
  const calmed = calm(notify);
  const stops = [
    // What one has written oneself is awaited.
    room.on('chat', (added) => calmed(added.some(({ from }) => from === room.id))),
    room.on('chat-changed', () => calmed()),
    room.on('moved', () => calmed(true)),
    calmed.stop,
  ];
  return () => stops.forEach((stop) => stop());
};
const readChat = (room: Room): readonly ChatEntry[] => [...room.chat];
export const useChat = (room: Room) => useSnapshot(room, onChat, readChat);

const onSignaling = (room: Room, notify: () => void) => room.on('signaling', notify);
const readSignaling = (room: Room): SignalingState => room.signaling;
export const useSignaling = (room: Room) => useSnapshot(room, onSignaling, readSignaling);

const onStats = (room: Room, notify: () => void) => room.on('stats', notify);
const readStats = (room: Room): ConnectionStats => ({ ...room.stats });
export const useStats = (room: Room) => useSnapshot(room, onStats, readStats);

const onSettings = (room: Room, notify: () => void) => room.on('settings', notify);
const readSettings = (room: Room): RoomSettings => room.settings;
export const useRoomSettings = (room: Room) => useSnapshot(room, onSettings, readSettings);

const onHost = (room: Room, notify: () => void) => room.on('host', notify);
const readHost = (room: Room): boolean => room.host;
export const useHost = (room: Room) => useSnapshot(room, onHost, readHost);

const onPermissions = (room: Room, notify: () => void) =>
  both(room.on('settings', notify), room.on('host', notify));
const readPermissions = (room: Room): Permissions => room.permissions;
/** What oneself may do. */
export const usePermissions = (room: Room) => useSnapshot(room, onPermissions, readPermissions);

const onWaiting = (room: Room, notify: () => void) => room.on('waiting', notify);
const readWaiting = (room: Room): readonly WaitingOne[] => room.hosting.waiting;
export const useWaiting = (room: Room) => useSnapshot(room, onWaiting, readWaiting);

const onBreakouts = (room: Room, notify: () => void) =>
  both(room.on('breakouts', notify), room.on('moved', notify));
const readBreakouts = (room: Room): Breakouts => room.breakouts;
export const useBreakouts = (room: Room) => useSnapshot(room, onBreakouts, readBreakouts);

const onHand = (room: Room, notify: () => void) => room.on('hand', notify);
const readHand = (room: Room): number | undefined => room.hand;
/** Since when one's own hand is up. */
export const useOwnHand = (room: Room) => useSnapshot(room, onHand, readHand);

const both = (one: () => void, other: () => void) => () => {
  one();
  other();
};

const speaking = new WeakMap<Room, boolean>();
const onLocalSpeaking = (room: Room, notify: () => void) =>
  room.on('local-speaking', (now) => {
    speaking.set(room, now);
    notify();
  });
const readLocalSpeaking = (room: Room) => speaking.get(room) ?? false;
export const useLocalSpeaking = (room: Room) => useSnapshot(room, onLocalSpeaking, readLocalSpeaking);
