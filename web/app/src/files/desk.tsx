import type { ChatEntry, Room } from '@kaigi/client';
import {
  createContext,
  useContext,
  useEffect,
  useMemo,
  useState,
  type ReactNode,
  type RefObject,
} from 'react';
import { createStore, type Store } from '../core/store';
import { whenIdle } from '../ui/later';
import type * as views from './views';

type Views = typeof views;

/** A file that waits in the message box until it is shared. */
export interface Chosen {
  id: number;
  content: Blob;
  name: string;
}

/** Who gets what is shared; `undefined`: everybody. */
export type Recipient = { id: string; name: string } | undefined;

export interface FileDesk {
  room: Room;
  chosen: Store<readonly Chosen[]>;
  /** Whom the chat is with. */
  recipient: Recipient;
  openChat: () => void;
  views: Views | undefined;
}

const DeskContext = createContext<FileDesk | undefined>(undefined);

/** Files of the meeting: what lies around the page for them. Their code comes once the meeting is on. */
export function FileDesk({
  room,
  recipient,
  onOpenChat,
  children,
}: {
  room: Room;
  recipient?: Recipient;
  onOpenChat: () => void;
  children: ReactNode;
}) {
  const [views, setViews] = useState<Views>();
  const [chosen] = useState(() => createStore<readonly Chosen[]>([]));
  useEffect(() => whenIdle(() => import('./views').then(setViews)), []);
  const desk = useMemo(
    () => ({ room, chosen, recipient, openChat: onOpenChat, views }),
    [room, chosen, recipient, onOpenChat, views],
  );
  return (
    <DeskContext value={desk}>
      {children}
      {views && <views.MeetingFiles desk={desk} />}
    </DeskContext>
  );
}

/** A file in the chat. */
export function FileEntry({ entry }: { entry: ChatEntry }) {
  const desk = useContext(DeskContext);
  if (!desk || entry.body.type !== 'file') return null;
  if (!desk.views) return <p className="chat-message">{entry.body.name}</p>;
  return <desk.views.FileCard desk={desk} entry={entry} file={entry.body} />;
}

/** What is chosen and not shared yet, above the message box. */
export function ChosenFiles() {
  const desk = useContext(DeskContext);
  return desk?.views ? <desk.views.Tray desk={desk} /> : null;
}

/** Beside the message box. `area`: where pictures are pasted. */
export function AttachButton({ area }: { area: RefObject<HTMLTextAreaElement | null> }) {
  const desk = useContext(DeskContext);
  return desk?.views ? <desk.views.AttachButton desk={desk} area={area} /> : null;
}

/** On a tile that shows a picture. */
export function SnapshotButton(props: {
  tile: RefObject<HTMLElement | null>;
  name: string;
  screen: boolean;
}) {
  const desk = useContext(DeskContext);
  return desk?.views ? <desk.views.SnapshotButton desk={desk} {...props} /> : null;
}
