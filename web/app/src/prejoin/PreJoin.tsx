import { LIMITS, type LocalMedia } from '@kaigi/client';
import { LoaderCircle } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { explain } from '../core/errors';
import type { Devices } from '../core/useDevices';
import { useLocalMedia } from '../core/useSdk';
import { DeviceSelects } from '../ui/DeviceSelects';
import { LevelMeter } from '../ui/LevelMeter';
import { PageHeader } from '../ui/PageHeader';
import { DeviceNotices } from './DeviceNotices';
import { Preview } from './Preview';
import { RehearsalButton } from './rehearsal/RehearsalButton';

export function PreJoin({
  roomName,
  media,
  devices,
  firstName,
  nameIsGiven,
  joining,
  error,
  onJoin,
}: {
  roomName: string;
  media: LocalMedia;
  devices: Devices;
  firstName: string;
  /** The invitation says who one is. */
  nameIsGiven: boolean;
  joining: boolean;
  error: unknown;
  onJoin: (name: string) => void;
}) {
  const { t } = useTranslation();
  const view = useLocalMedia(media);
  const [name, setName] = useState(firstName);
  const [missing, setMissing] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const problem = missing
    ? t('prejoin.nameMissing')
    : error === undefined
      ? undefined
      : explain(error, 'join', t).text;
  return (
    <div className="page">
      <PageHeader />
      <main className="prejoin">
        <section className="prejoin-picture">
          <Preview view={view} devices={devices} name={name} />
          <DeviceNotices view={view} devices={devices} />
        </section>
        <form
          className="prejoin-form"
          onSubmit={(event) => {
            event.preventDefault();
            const trimmed = name.trim();
            if (trimmed === '') {
              setMissing(true);
              input.current?.focus();
              return;
            }
            onJoin(trimmed);
          }}
        >
          <div>
            <p className="eyebrow">{t('prejoin.eyebrow')}</p>
            <h1 className="room-title">{roomName}</h1>
          </div>
          <div className="field-group">
            <label htmlFor="your-name">{t('prejoin.name')}</label>
            <input
              id="your-name"
              ref={input}
              className="field"
              value={name}
              readOnly={nameIsGiven}
              autoFocus={firstName === '' && matchMedia('(hover: hover)').matches}
              autoComplete="name"
              maxLength={LIMITS.displayNameGraphemes * 4}
              placeholder={t('prejoin.namePlaceholder')}
              aria-invalid={problem !== undefined}
              aria-describedby={problem === undefined ? undefined : 'name-problem'}
              onChange={(event) => {
                setName(event.target.value);
                setMissing(false);
              }}
            />
            {problem !== undefined && (
              <p id="name-problem" className="field-problem" role="alert">
                {problem}
              </p>
            )}
          </div>
          <button className="button primary large" type="submit" disabled={joining} aria-busy={joining}>
            {joining && <LoaderCircle aria-hidden="true" className="spin" />}
            {t('prejoin.joinNow')}
          </button>
          <details className="prejoin-devices" open>
            <summary>{t('prejoin.devices')}</summary>
            <DeviceSelects view={view} devices={devices} />
            <div className="level-row">
              <span>{t('prejoin.level')}</span>
              <LevelMeter media={media} on={view.state.mic} />
            </div>
            <RehearsalButton media={media} view={view} />
          </details>
        </form>
      </main>
    </div>
  );
}
