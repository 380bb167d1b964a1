import type { ChatEntry, FileTransfer } from '@kaigi/client';
import { Download, ImageOff, LoaderCircle, RotateCw, X } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { FileDesk } from './desk';
import { FileIcon } from './FileIcon';
import { Picture } from './Picture';
import { PictureDialog } from './PictureDialog';
import { isPicture } from './pictures';
import { fetchAndSave, save } from './saving';
import { useReceivers, useTransfer } from './useTransfer';
import { statusWords } from './words';

type Shared = Extract<ChatEntry['body'], { type: 'file' }>;

/** After these there is nothing to try again. */
const hopeless = new Set(['file-gone', 'file-withdrawn', 'file-changed', 'file-too-large']);

/** A file in the chat: what it is, how far it is, and what can be done about it. */
export function FileCard({ desk, entry, file }: { desk: FileDesk; entry: ChatEntry; file: Shared }) {
  const { t, i18n } = useTranslation('files');
  const transfer = useTransfer(desk.room, entry);
  const receivers = useReceivers(desk.room);
  const [broken, setBroken] = useState(false);
  const name = transfer?.name ?? file.name;
  const all = entry.to === undefined ? receivers.length : 1;
  const status = transfer ? statusWords(transfer, all, i18n.language, t) : t('files.gone');
  const picture = transfer && !broken && isPicture(transfer) && showsPicture(transfer) ? transfer : undefined;
  // That a file is gone is in the nature of things.
  const bad = transfer?.error !== undefined && !['file-gone', 'file-withdrawn'].includes(transfer.error.code);

  return (
    <div className="file" data-state={transfer?.state ?? 'failed'} data-picture={picture !== undefined}>
      {picture && <Thumbnail transfer={picture} onBroken={() => setBroken(true)} />}
      <div className="file-row">
        {!picture && (
          <span className="file-icon">
            {broken ? <ImageOff aria-hidden="true" /> : <FileIcon mediaType={file.mediaType} />}
          </span>
        )}
        <div className="file-words">
          <span className="file-name" title={name} dir="auto">
            {name}
          </span>
          {/* Not announced: it changes several times a second. */}
          <small className="file-status" data-bad={bad} aria-live="off">
            {status}
          </small>
          {entry.to !== undefined && <Privacy desk={desk} entry={entry} />}
        </div>
        {transfer && <Actions desk={desk} transfer={transfer} />}
      </div>
      {transfer && isMoving(transfer) && <Progress transfer={transfer} />}
    </div>
  );
}

function isMoving({ state }: Pick<FileTransfer, 'state'>): boolean {
  return state === 'running' || state === 'paused' || state === 'waiting';
}

/** It is here, or on its way. */
function showsPicture({ own, state, content }: FileTransfer): boolean {
  return content !== undefined ? !own || state !== 'failed' : state === 'offered' || isMoving({ state });
}

function Thumbnail({ transfer, onBroken }: { transfer: FileTransfer; onBroken: () => void }) {
  const { t } = useTranslation('files');
  const [large, setLarge] = useState(false);
  const { content, name } = transfer;
  if (!content) {
    return (
      <div className="file-picture">
        <LoaderCircle className="spin" aria-hidden="true" />
      </div>
    );
  }
  return (
    <>
      <button
        type="button"
        className="file-picture"
        aria-label={t('files.enlarge', { name })}
        onClick={() => setLarge(true)}
      >
        <Picture content={content} alt="" onBroken={onBroken} />
      </button>
      {large && <PictureDialog content={content} name={name} onClose={() => setLarge(false)} />}
    </>
  );
}

function Privacy({ desk: { room }, entry }: { desk: FileDesk; entry: ChatEntry }) {
  const { t } = useTranslation('files');
  const receivers = useReceivers(room);
  const name = receivers.find(({ id }) => id === entry.to)?.name;
  const own = entry.from === room.id;
  return (
    <small className="file-private">
      {!own ? t('files.onlyYou') : name === undefined ? t('files.onlyOne') : t('files.onlyFor', { name })}
    </small>
  );
}

function Progress({ transfer: { name, bytes, transferred, state } }: { transfer: FileTransfer }) {
  const { t } = useTranslation('files');
  const percent = bytes > 0 ? Math.floor((transferred / bytes) * 100) : 0;
  return (
    <div
      className="file-progress"
      role="progressbar"
      aria-label={t('files.progress', { name })}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      data-state={state}
    >
      <span style={{ width: `${percent}%` }} />
    </div>
  );
}

function Actions({ desk: { room }, transfer }: { desk: FileDesk; transfer: FileTransfer }) {
  const { t } = useTranslation('files');
  const { id, name, own, state, content, error } = transfer;
  const action = (icon: ReactNode, label: string, run: () => void) => (
    <button type="button" className="icon-button small" aria-label={label} title={label} onClick={run}>
      {icon}
    </button>
  );
  const cancel = (label: string) => action(<X aria-hidden="true" />, label, () => room.files.cancel(id));
  if (own) {
    return state === 'failed' || state === 'cancelled' ? null : cancel(t('files.takeBack', { name }));
  }
  if (isMoving(transfer)) return cancel(t('files.cancel', { name }));
  if (state === 'done') {
    if (!content) return null;
    return action(<Download aria-hidden="true" />, t('files.save', { name }), () => save(content, name));
  }
  if (state === 'failed' && error && hopeless.has(error.code)) return null;
  const label = state === 'failed' ? t('files.retry', { name }) : t('files.fetch', { name });
  const icon = state === 'failed' ? <RotateCw aria-hidden="true" /> : <Download aria-hidden="true" />;
  return action(icon, label, () => void fetchAndSave(room, id));
}
