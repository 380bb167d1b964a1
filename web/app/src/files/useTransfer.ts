import type { ChatEntry, FileTransfer, Room } from '@kaigi/client';
import { useCallback, useSyncExternalStore } from 'react';
import { useHost, useParticipants, useRoomSettings } from '../core/useSdk';

/** The file of a line of the chat, as it is now; `undefined` when nothing is left of it. */
export function useTransfer(room: Room, entry: ChatEntry): FileTransfer | undefined {
  const subscribe = useCallback((notify: () => void) => room.files.on('change', notify), [room]);
  return useSyncExternalStore(subscribe, () => room.files.of(entry));
}

export function useMayShare(room: Room): boolean {
  const { allowed } = useRoomSettings(room);
  const host = useHost(room);
  return host || allowed.files;
}

/** Those who can be given a file. */
export function useReceivers(room: Room): { id: string; name: string }[] {
  return useParticipants(room).filter(({ mediaOnly }) => !mediaOnly);
}
