import { KeyRound, RotateCw } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { NoticePage } from '../ui/NoticePage';

/** In front of a room that is not open: guests wait, the host enters the key. */
export function NotOpen({
  roomName,
  wrongKey,
  trying,
  onTry,
  onKeyEdit,
}: {
  roomName: string;
  wrongKey: boolean;
  trying: boolean;
  onTry: (key?: string) => void;
  onKeyEdit: () => void;
}) {
  const { t } = useTranslation();
  const [key, setKey] = useState('');
  return (
    <NoticePage
      title={t('notOpen.title')}
      actions={
        <button className="button" onClick={() => onTry()} disabled={trying}>
          <RotateCw aria-hidden="true" className={trying ? 'spin' : undefined} />
          {t('ended.tryAgain')}
        </button>
      }
    >
      <p>{t('notOpen.text', { room: roomName })}</p>
      <form
        className="key-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (key.trim() !== '') onTry(key.trim());
        }}
      >
        <label htmlFor="create-key">{t('notOpen.keyLabel')}</label>
        <div className="room-form-row">
          <input
            id="create-key"
            className="field"
            type="password"
            autoComplete="off"
            value={key}
            aria-invalid={wrongKey}
            aria-describedby={wrongKey ? 'key-problem' : undefined}
            onChange={(event) => {
              setKey(event.target.value);
              onKeyEdit();
            }}
          />
          <button className="button primary" type="submit" disabled={key.trim() === ''}>
            <KeyRound aria-hidden="true" />
            {t('notOpen.open')}
          </button>
        </div>
        {wrongKey && (
          <p id="key-problem" className="field-problem" role="alert">
            {t('error.wrongKey.text')}
          </p>
        )}
      </form>
    </NoticePage>
  );
}
