import { SendHorizontal, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from '../core/store';
import { shareChosen, takeOut } from './choosing';
import type { Chosen, FileDesk } from './desk';
import { FileIcon } from './FileIcon';
import { Picture } from './Picture';
import { isPicture } from './pictures';
import { useReceivers } from './useTransfer';
import { formatBytes } from './words';

/** What is about to be shared: to look at once more, for whom, and go. */
export function Tray({ desk }: { desk: FileDesk }) {
  const { t } = useTranslation('files');
  const chosen = useStore(desk.chosen);
  const receivers = useReceivers(desk.room);
  const [picked, setPicked] = useState<string>();
  const [busy, setBusy] = useState(false);
  if (chosen.length === 0) return null;
  const to = picked ?? desk.recipient?.id ?? '';
  // Whoever it was for has left: never to everybody instead.
  const lost = to !== '' && !receivers.some(({ id }) => id === to);

  const share = async () => {
    setBusy(true);
    await shareChosen(desk, to === '' ? undefined : to);
    setBusy(false);
    setPicked(undefined);
  };
  return (
    <section className="tray" aria-label={t('files.chosen')}>
      <ul>
        {chosen.map((one) => (
          <TrayItem key={one.id} one={one} busy={busy} onTakeOut={() => takeOut(desk, one.id)} />
        ))}
      </ul>
      {lost && (
        <p className="field-problem" role="alert">
          {t('files.error.recipientLeft')}
        </p>
      )}
      <div className="tray-foot">
        <label className="tray-for">
          {t('files.for')}
          <select
            value={lost ? 'lost' : to}
            disabled={busy}
            onChange={(event) => setPicked(event.target.value)}
          >
            {lost && <option value="lost">–</option>}
            <option value="">{t('files.everyone')}</option>
            {receivers.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          className="button primary small"
          disabled={busy || lost}
          aria-busy={busy}
          onClick={() => void share()}
        >
          <SendHorizontal aria-hidden="true" />
          {busy ? t('files.sharing') : t('files.share')}
        </button>
      </div>
    </section>
  );
}

function TrayItem({ one, busy, onTakeOut }: { one: Chosen; busy: boolean; onTakeOut: () => void }) {
  const { t, i18n } = useTranslation('files');
  const { content, name } = one;
  const label = t('files.takeOut', { name });
  return (
    <li className="tray-item">
      <span className="file-icon">
        {isPicture({ mediaType: content.type, bytes: content.size }) ? (
          <Picture content={content} alt="" />
        ) : (
          <FileIcon mediaType={content.type} />
        )}
      </span>
      <span className="file-words">
        <span className="file-name" title={name} dir="auto">
          {name}
        </span>
        <small className="file-status">{formatBytes(content.size, i18n.language)}</small>
      </span>
      <button
        type="button"
        className="icon-button small"
        aria-label={label}
        title={label}
        disabled={busy}
        onClick={onTakeOut}
      >
        <X aria-hidden="true" />
      </button>
    </li>
  );
}
