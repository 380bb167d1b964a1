import type { LocalMedia } from './types';
import type { MediaState, Permissions, RoomSettings } from './wire.gen';

/** Everything. */
export const ALL: Permissions = { mic: true, camera: true, screen: true, chat: true, files: true };

/** What the hosts have set for a room that one has not entered yet. */
export const NO_SETTINGS: RoomSettings = {
  locked: false,
  password: false,
  routed: false,
  waiting: false,
  allowed: ALL,
};

/** What both allow. */
export function both(a: Permissions, b: Permissions): Permissions {
  return {
    mic: a.mic && b.mic,
    camera: a.camera && b.camera,
    screen: a.screen && b.screen,
    chat: a.chat && b.chat,
    files: a.files && b.files,
  };
}

/** What of this media may be sent. */
export function mask(media: MediaState, { mic, camera, screen }: Permissions): MediaState {
  return {
    mic: media.mic && mic,
    camera: media.camera && camera,
    screen: media.screen && screen,
    screenAudio: media.screenAudio && screen,
  };
}

/** Turns off what may not be sent: the server drops it, and a light that is on would tell something else. */
export function obey(media: LocalMedia, permissions: Permissions): void {
  const { state } = media;
  if (state.mic && !permissions.mic) void media.setMic(false);
  if (state.camera && !permissions.camera) void media.setCamera(false);
  if (state.screen && !permissions.screen) media.stopScreen();
}

export function sameSettings(a: RoomSettings, b: RoomSettings): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
