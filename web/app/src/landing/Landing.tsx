import { newRoomName } from '@kaigi/client';
import { ArrowRight, Clock, Lock, Plus, Server, Video, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useTitle } from '../core/hooks';
import { setChoices, useChoices, useMayOpenRooms } from '../core/preferences';
import { navigate, roomFromInput, roomPath } from '../core/route';
import { PageHeader } from '../ui/PageHeader';
import { Illustration } from './Illustration';

export function Landing() {
  const { t } = useTranslation();
  useTitle(t('landing.pageTitle'));
  return (
    <div className="page landing">
      <PageHeader />
      <main className="landing-main">
        <section className="landing-words">
          <h1>{t('landing.title')}</h1>
          <p className="landing-lead">{t('landing.lead')}</p>
          <RoomForm />
          <RecentRooms />
        </section>
        <Illustration />
      </main>
      <footer className="landing-points">
        <p>
          <Lock aria-hidden="true" />
          {t('landing.pointPrivate')}
        </p>
        <p>
          <Server aria-hidden="true" />
          {t('landing.pointOwn')}
        </p>
        <p>
          <Video aria-hidden="true" />
          {t('landing.pointNothing')}
        </p>
      </footer>
    </div>
  );
}

function RoomForm() {
  const { t } = useTranslation();
  const mayOpenRooms = useMayOpenRooms();
  const [text, setText] = useState('');
  const [missing, setMissing] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    <form
      className="room-form"
      onSubmit={(event) => {
        event.preventDefault();
        const room = roomFromInput(text);
        if (room === '') {
          setMissing(true);
          input.current?.focus();
          return;
        }
        navigate(roomPath(room));
      }}
    >
      <div className="room-form-row">
        <input
          ref={input}
          className="field"
          aria-label={t('landing.roomName')}
          placeholder={t('landing.roomPlaceholder')}
          aria-invalid={missing}
          aria-describedby={missing ? 'room-missing' : undefined}
          value={text}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          enterKeyHint="go"
          onChange={(event) => {
            setText(event.target.value);
            setMissing(false);
          }}
        />
        <button className="button" type="submit">
          {t('landing.join')}
          <ArrowRight aria-hidden="true" />
        </button>
      </div>
      {missing && (
        <p id="room-missing" className="field-problem" role="alert">
          {t('landing.roomMissing')}
        </p>
      )}
      <div className="room-form-or" aria-hidden="true">
        <span>{t('landing.or')}</span>
      </div>
      <button
        className="button primary large"
        type="button"
        onClick={() => navigate(roomPath(newRoomName()))}
      >
        <Plus aria-hidden="true" />
        {t('landing.newMeeting')}
      </button>
      {!mayOpenRooms && <p className="field-hint">{t('landing.keyNeeded')}</p>}
    </form>
  );
}

function RecentRooms() {
  const { t } = useTranslation();
  const { recentRooms } = useChoices();
  if (recentRooms.length === 0) return null;
  return (
    <nav className="recent" aria-label={t('landing.recent')}>
      <h2>
        <Clock aria-hidden="true" />
        {t('landing.recent')}
        <button
          className="icon-button small"
          aria-label={t('landing.forgetRecent')}
          title={t('landing.forgetRecent')}
          onClick={() => setChoices({ recentRooms: [] })}
        >
          <X aria-hidden="true" />
        </button>
      </h2>
      <ul role="list">
        {recentRooms.map((room) => (
          <li key={room}>
            <a
              href={roomPath(room)}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                navigate(roomPath(room));
              }}
            >
              {room}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
