import { LogIn } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { NoticePage } from '../ui/NoticePage';
import { HomeButton } from './Ended';

/** In front of a room whose host has set a password. */
export function PasswordPage({
  roomName,
  wrong,
  trying,
  onTry,
  onEdit,
}: {
  roomName: string;
  wrong: boolean;
  trying: boolean;
  onTry: (password: string) => void;
  onEdit: () => void;
}) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  return (
    <NoticePage title={t('password.title')} actions={<HomeButton />}>
      <p>{t('password.text', { room: roomName })}</p>
      <form
        className="key-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (password !== '' && !trying) onTry(password);
        }}
      >
        <label htmlFor="room-password">{t('password.label')}</label>
        <div className="room-form-row">
          <input
            id="room-password"
            className="field"
            type="password"
            autoComplete="off"
            autoFocus
            value={password}
            aria-invalid={wrong}
            aria-describedby={wrong ? 'password-problem' : undefined}
            onChange={(event) => {
              setPassword(event.target.value);
              onEdit();
            }}
          />
          <button className="button primary" type="submit" disabled={password === '' || trying}>
            <LogIn aria-hidden="true" />
            {t('password.enter')}
          </button>
        </div>
        {wrong && (
          <p id="password-problem" className="field-problem" role="alert">
            {t('password.wrong')}
          </p>
        )}
      </form>
    </NoticePage>
  );
}
