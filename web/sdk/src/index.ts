/** `@kaigi/client`: join Kaigi meetings from any web page. `README.md` shows how. */

import { joinRoom as join } from './join';
import type { JoinOptions, Room } from './types';

/**
 * Enters a room. Resolves when the server has let us in; connections to the others follow by themselves.
 * Rejects with a `KaigiError`: what the server refused, `server-unreachable` after some tries, `aborted`.
 *
 * @param serverUrl where the Kaigi server is, e.g. `https://meet.example.org`; relative to the page
 */
export function joinRoom(serverUrl: string, options: JoinOptions): Promise<Room> {
  return join(serverUrl, options);
}

export { testConnection } from './connection-test';
export type * from './connection-test/types';
export { DATA_BYTES } from './data-frame';
export type * from './diagnostics/types';
export type * from './files/types';
export { prepareJoin } from './join';
export { createLocalMedia } from './local-media';
export { newRoomName } from './room-name';
export { videoCodecs } from './sending/codec';
export type * from './sending/types';
export { isSupported } from './supported';
export { KaigiError } from './types';
export type * from './types';
export { LIMITS, PROTOCOL_VERSION } from './wire.gen';
export type {
  Assignment,
  BreakoutPerson,
  BreakoutRoom,
  Breakouts,
  ChatBody,
  ChatEntry,
  ErrorCode,
  JoinOutcome,
  LeaveReason,
  MediaState,
  NewPoll,
  ParticipantId,
  Permissions,
  Poll,
  PollOption,
  ProtocolVersion,
  Reaction,
  Receive,
  RoomChange,
  RoomSettings,
  SharedFile,
  VideoSource,
  View,
  WaitingOne,
  Want,
} from './wire.gen';
