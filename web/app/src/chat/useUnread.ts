import type { Room } from '@kaigi/client';
import { useEffect, useState } from 'react';
import { useChat } from '../core/useSdk';
import { unreadCount } from './entries';

/** Messages that came while the chat was closed or the page in the background. */
export function useUnread(room: Room, open: boolean): number {
  const entries = useChat(room);
  const last = entries[entries.length - 1]?.id ?? -1;
  const [read, setRead] = useState(last);
  useEffect(() => {
    if (!open) return;
    const mark = () => {
      if (document.visibilityState === 'visible') setRead(last);
    };
    mark();
    document.addEventListener('visibilitychange', mark);
    return () => document.removeEventListener('visibilitychange', mark);
  }, [open, last]);
  return unreadCount(entries, room.id, read);
}
