import { createLocalMedia, joinRoom, type LocalMedia, type RemoteParticipant, type Room, type SignalingState } from '@kaigi/client';
import { useCallback, useEffect, useState } from 'react';

/** One's own devices, for as long as the component lives; draws it again at each change. */
export function useLocalMedia(): LocalMedia {
  const [media] = useState(() => createLocalMedia());
  const [, redraw] = useState(0);
  useEffect(() => media.on('change', () => redraw((count) => count + 1)), [media]);
  return media;
}

export interface MeetingState {
  room: Room | undefined;
  error: string | undefined;
  join: (server: string, name: string, room: string) => void;
  leave: () => void;
}

/** The way into a room and out of it; a page that goes away leaves. */
export function useMeeting(media: LocalMedia): MeetingState {
  const [room, setRoom] = useState<Room>();
  const [error, setError] = useState<string>();
  const join = useCallback(
    (server: string, name: string, roomName: string) => {
      setError(undefined);
      joinRoom(server, { room: roomName, name, media }).then(setRoom, (reason: Error) => setError(reason.message));
    },
    [media],
  );
  const leave = useCallback(() => setRoom(undefined), []);
  useEffect(() => {
    if (!room) return;
    return () => void room.leave();
  }, [room]);
  return { room, error, join, leave };
}

/** `room.participants` is a new array whenever anything changes: it can be state as it is. */
export function useParticipants(room: Room): readonly RemoteParticipant[] {
  const [participants, setParticipants] = useState(room.participants);
  useEffect(() => {
    setParticipants(room.participants);
    return room.on('participants', setParticipants);
  }, [room]);
  return participants;
}

export function useSignaling(room: Room): SignalingState {
  const [signaling, setSignaling] = useState(room.signaling);
  useEffect(() => {
    setSignaling(room.signaling);
    return room.on('signaling', setSignaling);
  }, [room]);
  return signaling;
}
