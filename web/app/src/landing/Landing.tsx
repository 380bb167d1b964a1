import { newRoomName } from '@kaigi/client';
import { ArrowRight, Clock, Lock, Plus, Server, Video, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { explainRoomName } from '../core/errors';
import { useTitle } from '../core/hooks';
import { setChoices, useChoices, useMayOpenRooms } from '../core/preferences';
import { checkRoomName, type RoomNameProblem } from '../core/room-name';
import { navigate, roomFromInput, roomPath } from '../core/route';
import { PageHeader } from '../ui/PageHeader';
import { TestLink } from '../ui/TestLink';
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
        <TestLink />
      </footer>
    </div>
  );
}

function RoomForm() {
  const { t } = useTranslation();
  const mayOpenRooms = useMayOpenRooms();
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<RoomNameProblem>();
  const input = useRef<HTMLInputElement>(null);
  return (
    <form
      className="room-form"
      onSubmit={(event) => {
        event.preventDefault();
        const check = checkRoomName(roomFromInput(text));
        if ('problem' in check) {
          setProblem(check.problem);
          input.current?.focus();
          return;
        }
        navigate(roomPath(check.name));
      }}
    >
      <div className="room-form-row">
        <input
          ref={input}
          className="field"
          aria-label={t('landing.roomName')}
          placeholder={t('landing.roomPlaceholder')}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? undefined : 'room-problem'}
          value={text}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          enterKeyHint="go"
          onChange={(event) => {
            setText(event.target.value);
            setProblem(undefined);
          }}
        />
        <button className="button" type="submit">
          {t('landing.join')}
          <ArrowRight aria-hidden="true" />
        </button>
      </div>
      {problem !== undefined && (
        <p id="room-problem" className="field-problem" role="alert">
          {explainRoomName(problem, t)}
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
