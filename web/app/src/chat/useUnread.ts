import type { Room } from '@kaigi/client';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { dismissToast, showToast } from '../core/toasts';
import { useChat } from '../core/useSdk';
import { unreadOf, type Unread } from './entries';

/** Which of the breakout rooms one is in; the room itself is none of them. */
const whereabouts = (room: Room) => room.breakouts.own ?? -1;

/** What came while the chat was closed or the page in the background; says so when it is for nobody else. */
export function useUnread(room: Room, open: boolean, onOpen: () => void): Unread {
  const { t } = useTranslation();
  const entries = useChat(room);
  const last = entries[entries.length - 1]?.id ?? -1;
  const [read, setRead] = useState(last);
  const here = useRef({ place: whereabouts(room), read: new Map<number, number>() });

  useEffect(() => {
    if (!open) return;
    const mark = () => {
      if (document.visibilityState === 'visible') setRead(last);
    };
    mark();
    document.addEventListener('visibilitychange', mark);
    return () => document.removeEventListener('visibilitychange', mark);
  }, [open, last]);

  useEffect(() => {
    here.current.read.set(here.current.place, read);
  }, [read]);
  useEffect(
    () =>
      room.on('moved', () => {
        const { current } = here;
        current.place = whereabouts(room);
        // Back in a room, what was written there meanwhile is unread; before one's first coming nothing is. Its
        // lines come right after this.
        queueMicrotask(() =>
          setRead((before) => current.read.get(current.place) ?? room.chat.at(-1)?.id ?? before),
        );
      }),
    [room],
  );

  useEffect(() => {
    if (open) return;
    let toast: number | undefined;
    const stop = room.on('chat', (added) => {
      const personal = added.findLast(({ to, from }) => to !== undefined && from !== room.id);
      if (personal && added.length < 10)
        toast = showToast({
          tone: 'info',
          title: t('unread.privateFrom', { name: personal.name }),
          action: { label: t('chat.show'), run: onOpen },
        });
    });
    return () => {
      stop();
      // The chat is open now: there it is.
      if (toast !== undefined) dismissToast(toast);
    };
  }, [room, open, onOpen, t]);

  return useMemo(() => unreadOf(entries, room.id, read), [entries, room.id, read]);
}
