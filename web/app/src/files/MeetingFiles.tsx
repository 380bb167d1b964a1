import type { Room } from '@kaigi/client';
import { FileUp, Ban } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { choose, filesOf } from './choosing';
import type { FileDesk } from './desk';
import { FETCHED_BYTES, isPicture } from './pictures';
import { useMayShare } from './useTransfer';

/** What concerns the whole meeting: files dropped anywhere, and small pictures, which come by themselves. */
export function MeetingFiles({ desk }: { desk: FileDesk }) {
  const { t } = useTranslation('files');
  const allowed = useMayShare(desk.room);
  const dragged = useDrop((files) => allowed && choose(desk, files));
  useEffect(() => fetchPictures(desk.room), [desk.room]);
  if (!dragged) return null;
  const { recipient } = desk;
  return (
    <div className="drop" data-allowed={allowed}>
      <div className="drop-words" role="status">
        {allowed ? <FileUp aria-hidden="true" /> : <Ban aria-hidden="true" />}
        {allowed && <strong>{t('files.dropTitle')}</strong>}
        <span>
          {!allowed
            ? t('files.dropNotAllowed')
            : recipient
              ? t('files.dropOne', { name: recipient.name })
              : t('files.dropEveryone')}
        </span>
      </div>
    </div>
  );
}

/** Whether files are being dragged over the page. A file that is dropped never replaces the meeting. */
function useDrop(onFiles: (files: [File, string][]) => void): boolean {
  const [over, setOver] = useState(false);
  const current = useRef(onFiles);
  useEffect(() => {
    current.current = onFiles;
  });
  useEffect(() => {
    // Entering an element comes before leaving the one before.
    let depth = 0;
    const ofFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const listeners = {
      dragenter: (event: DragEvent) => {
        if (!ofFiles(event)) return;
        event.preventDefault();
        depth++;
        setOver(true);
      },
      dragover: (event: DragEvent) => {
        if (ofFiles(event)) event.preventDefault();
      },
      dragleave: (event: DragEvent) => {
        if (ofFiles(event) && --depth <= 0) setOver(false);
      },
      drop: (event: DragEvent) => {
        depth = 0;
        setOver(false);
        if (!event.dataTransfer || !ofFiles(event)) return;
        event.preventDefault();
        current.current(filesOf(event.dataTransfer).map((file) => [file, file.name]));
      },
    };
    for (const [name, listener] of Object.entries(listeners)) {
      addEventListener(name as keyof typeof listeners, listener);
    }
    return () => {
      for (const [name, listener] of Object.entries(listeners)) {
        removeEventListener(name as keyof typeof listeners, listener);
      }
    };
  }, []);
  return over;
}

/** While their senders are here: small pictures, up to a bound. */
function fetchPictures(room: Room): () => void {
  const tried = new Set<string>();
  let bytes = 0;
  const look = () => {
    for (const transfer of room.files.all) {
      const { id, own, state } = transfer;
      if (own || state !== 'offered' || tried.has(id) || !isPicture(transfer)) continue;
      if (bytes + transfer.bytes > FETCHED_BYTES) continue;
      tried.add(id);
      bytes += transfer.bytes;
      void room.files.fetch(id, 'keep');
    }
  };
  look();
  return room.files.on('change', look);
}
