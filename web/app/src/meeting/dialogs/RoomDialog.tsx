import { LIMITS, type Room, type RoomChange } from '@kaigi/client';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { explain } from '../../core/errors';
import { showToast } from '../../core/toasts';
import { useRoomSettings } from '../../core/useSdk';
import { allowances } from '../../chat/commands/grammar';
import '../../hosting/texts';
import { Modal } from '../../ui/Modal';
import { Switch } from '../../ui/Switch';

/** What only the host may set; the server enforces it. */
export default function RoomDialog({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTranslation();
  const { t: own } = useTranslation('hosting');
  const settings = useRoomSettings(room);
  const [password, setPassword] = useState('');
  const change = (wanted: RoomChange) =>
    room.hosting.setRoom(wanted).then(
      () => true,
      (error: unknown) => {
        showToast({ tone: 'error', ...explain(error, 'host', t) });
        return false;
      },
    );
  const tooLong = new TextEncoder().encode(password).length > LIMITS.passwordBytes;
  return (
    <Modal title={t('host.title')} onClose={onClose}>
      <section className="settings-section">
        <Switch
          label={t('host.lock')}
          hint={t('host.lockHint')}
          checked={settings.locked}
          onChange={(locked) => void change({ locked })}
        />
        <Switch
          label={own('room.waiting')}
          hint={own('room.waitingHint')}
          checked={settings.waiting}
          onChange={(waiting) => void change({ waiting })}
        />
        <Switch
          label={t('host.routed')}
          hint={t('host.routedHint')}
          checked={settings.routed}
          onChange={(routed) => void change({ routed })}
        />
      </section>
      <section className="settings-section">
        <h3>{own('room.allowed')}</h3>
        {allowances.map((what) => (
          <Switch
            key={what}
            label={own(`may.${what}`)}
            checked={settings.allowed[what]}
            onChange={(may) => void change({ allowed: { ...settings.allowed, [what]: may } })}
          />
        ))}
      </section>
      <section className="settings-section">
        <h3>{t('host.password')}</h3>
        <p className="settings-hint" aria-live="polite">
          {settings.password ? t('host.passwordOn') : t('host.passwordOff')}
        </p>
        <form
          className="room-form-row"
          onSubmit={(event) => {
            event.preventDefault();
            if (password === '' || tooLong) return;
            void change({ password }).then((done) => done && setPassword(''));
          }}
        >
          <input
            className="field"
            type="text"
            autoComplete="off"
            aria-label={t('host.newPassword')}
            placeholder={t('host.newPassword')}
            aria-invalid={tooLong}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          <button className="button primary" type="submit" disabled={password === '' || tooLong}>
            <KeyRound aria-hidden="true" />
            {t('host.setPassword')}
          </button>
        </form>
        {tooLong && (
          <p className="field-problem" role="alert">
            {t('host.passwordTooLong')}
          </p>
        )}
        {settings.password && (
          <button className="button" onClick={() => void change({ password: null })}>
            {t('host.removePassword')}
          </button>
        )}
      </section>
    </Modal>
  );
}
