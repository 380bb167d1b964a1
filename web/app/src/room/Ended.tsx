import { KaigiError } from '@kaigi/client';
import { House, LogIn, RotateCw } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { embedded, useEmbedded } from '../core/embedding';
import { errorCode, explain, explainRoomName } from '../core/errors';
import { useTitle } from '../core/hooks';
import type { RoomNameProblem } from '../core/room-name';
import { navigate } from '../core/route';
import { Logo } from '../ui/Logo';
import { NoticePage } from '../ui/NoticePage';
import { TestLink } from '../ui/TestLink';

export function HomeButton() {
  const { t } = useTranslation();
  if (embedded) return null; // there is another page around us
  return (
    <button className="button" onClick={() => navigate('/')}>
      <House aria-hidden="true" />
      {t('ended.home')}
    </button>
  );
}

export function Joining({ roomName }: { roomName: string }) {
  const { t } = useTranslation();
  return (
    <main className="notice-page joining" aria-busy="true">
      <Logo />
      <p>{t('room.joining', { room: roomName })}</p>
    </main>
  );
}

export function Left({ roomName, onAgain }: { roomName: string; onAgain: () => void }) {
  const { t } = useTranslation();
  return (
    <NoticePage
      title={t('ended.leftTitle')}
      actions={
        <>
          <button className="button primary" onClick={onAgain}>
            <LogIn aria-hidden="true" />
            {t('ended.again')}
          </button>
          <HomeButton />
        </>
      }
    >
      <p>{t('ended.leftText', { room: roomName })}</p>
    </NoticePage>
  );
}

export function Replaced({ onAgain }: { onAgain: () => void }) {
  const { t } = useTranslation();
  return (
    <NoticePage
      title={t('ended.replacedTitle')}
      tone="alert"
      actions={
        <>
          <button className="button primary" onClick={onAgain}>
            <LogIn aria-hidden="true" />
            {t('ended.useHere')}
          </button>
          <HomeButton />
        </>
      }
    >
      <p>{t('ended.replacedText')}</p>
    </NoticePage>
  );
}

export function Removed({
  roomName,
  banned,
  onAgain,
}: {
  roomName: string;
  banned: boolean;
  onAgain: () => void;
}) {
  const { t } = useTranslation();
  return (
    <NoticePage
      title={t('ended.removedTitle')}
      tone="alert"
      actions={
        <>
          {!banned && (
            <button className="button primary" onClick={onAgain}>
              <LogIn aria-hidden="true" />
              {t('ended.again')}
            </button>
          )}
          <HomeButton />
        </>
      }
    >
      <p>{t(banned ? 'ended.removedText' : 'ended.sentAwayText', { room: roomName })}</p>
    </NoticePage>
  );
}

export function MeetingOver({ roomName }: { roomName: string }) {
  const { t } = useTranslation();
  return (
    <NoticePage title={t('ended.overTitle')} actions={<HomeButton />}>
      <p>{t('ended.overText', { room: roomName })}</p>
    </NoticePage>
  );
}

const noRoomName = new KaigiError(
  'invalid-room-name',
  'That is no name for a room; letters, digits and most signs are.',
);

export function InvalidRoom({ problem }: { problem: RoomNameProblem }) {
  const { t } = useTranslation();
  useTitle(t('landing.pageTitle'));
  useEmbedded({ roomName: '', phase: 'failed', error: noRoomName });
  return (
    <NoticePage title={t('error.roomName.title')} tone="alert" actions={<HomeButton />}>
      <p>{explainRoomName(problem, t)}</p>
    </NoticePage>
  );
}

/** Failures that may be the network's doing. */
const unreachable: readonly string[] = ['server-unreachable', 'timeout'];

export function Failed({ error, onAgain }: { error: unknown; onAgain: () => void }) {
  const { t } = useTranslation();
  const { title, text } = explain(error, 'join', t);
  const reload = errorCode(error) === 'version-mismatch';
  const retry = errorCode(error) !== 'invalid-room-name';
  return (
    <NoticePage
      title={title}
      tone="alert"
      actions={
        <>
          {retry && (
            <button className="button primary" onClick={reload ? () => location.reload() : onAgain}>
              <RotateCw aria-hidden="true" />
              {reload ? t('crash.reload') : t('ended.tryAgain')}
            </button>
          )}
          {unreachable.includes(errorCode(error)) && <TestLink className="button" />}
          <HomeButton />
        </>
      }
    >
      <p>{text}</p>
    </NoticePage>
  );
}
