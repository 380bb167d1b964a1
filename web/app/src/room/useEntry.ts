import { joinRoom, prepareJoin, type LocalMedia, type Room } from '@kaigi/client';
import { useCallback, useEffect, useRef, useState } from 'react';
import { accessToken } from '../core/access';
import { rememberKey, rememberRoom } from '../core/preferences';
import { afterKeyEdit, afterRefusal, knocking, type Entry } from './entry';

/** What one has to know to get in, where it is asked for. */
export interface Secrets {
  createKey?: string;
  password?: string;
}

export interface EntryControl {
  entry: Entry;
  join(name: string, secrets?: Secrets): void;
  /** The key or password in the field is another one now. */
  keyEdited(): void;
  leave(): void;
}

const guestRetryMilliseconds = 5000;

export function useEntry(roomName: string, media: LocalMedia): EntryControl {
  const [entry, setEntry] = useState<Entry>({ phase: 'prejoin' });
  const attempt = useRef<AbortController>(undefined);
  const joined = useRef<Room>(undefined);
  // A room may ask for one after the other, and for both again.
  const known = useRef<Secrets>({});

  const join = useCallback(
    (name: string, secrets?: Secrets) => {
      const { createKey, password } = (known.current = { ...known.current, ...secrets });
      const token = accessToken();
      attempt.current?.abort();
      const controller = new AbortController();
      attempt.current = controller;
      setEntry((before) => knocking(before, name));
      joinRoom(location.origin, {
        room: roomName,
        name,
        media,
        signal: controller.signal,
        onWaiting: () => {
          if (!controller.signal.aborted) setEntry({ phase: 'waiting', name });
        },
        ...(createKey === undefined ? {} : { createKey }),
        ...(password === undefined ? {} : { password }),
        ...(token === undefined ? {} : { token }),
      }).then(
        (room) => {
          if (controller.signal.aborted) {
            void room.leave().catch(() => undefined);
            return;
          }
          joined.current = room;
          rememberRoom(room.name);
          if (createKey !== undefined) rememberKey(createKey);
          setEntry({ phase: 'meeting', room });
        },
        (error: unknown) => {
          if (!controller.signal.aborted) setEntry((before) => afterRefusal(before, error, name));
        },
      );
    },
    [roomName, media],
  );

  const keyEdited = useCallback(() => setEntry(afterKeyEdit), []);

  const leave = useCallback(() => {
    const room = joined.current;
    joined.current = undefined;
    attempt.current?.abort();
    setEntry({ phase: 'left' });
    void room?.leave().catch(() => undefined);
    media.close();
  }, [media]);

  // While a camera is chosen, the connection to the server is made: joining is then one round trip.
  useEffect(() => prepareJoin(location.origin), []);

  // Going back in the browser's history leaves too.
  useEffect(
    () => () => {
      attempt.current?.abort();
      void joined.current?.leave().catch(() => undefined);
      joined.current = undefined;
      media.close();
    },
    [media],
  );

  // The room may end from the other side of the wire.
  const room = entry.phase === 'meeting' ? entry.room : undefined;
  useEffect(() => {
    if (!room) return;
    const check = () => {
      const { signaling } = room;
      if (signaling.state !== 'closed' || joined.current !== room) return;
      joined.current = undefined;
      media.close();
      if (signaling.reason === 'replaced') setEntry({ phase: 'replaced' });
      else if (signaling.reason === 'ended') setEntry({ phase: 'ended' });
      else if (signaling.reason === 'removed')
        setEntry({ phase: 'removed', banned: signaling.banned === true });
      else if (signaling.reason === 'refused')
        setEntry((before) => afterRefusal(before, signaling.error, room.displayName));
      else setEntry({ phase: 'left' });
    };
    check();
    return room.on('signaling', check);
  }, [room, media]);

  // A guest in front of a closed door knocks again every few seconds.
  const waiting = entry.phase === 'not-open' && !entry.trying ? entry.name : undefined;
  useEffect(() => {
    if (waiting === undefined) return;
    const timer = setTimeout(() => join(waiting), guestRetryMilliseconds);
    return () => clearTimeout(timer);
  }, [waiting, join]);

  return { entry, join, keyEdited, leave };
}
