import type { LocalMedia } from '@kaigi/client';
import { LogOut, RotateCw } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { navigate } from '../core/route';
import type { Devices } from '../core/useDevices';
import { useLocalMedia } from '../core/useSdk';
import { Preview } from '../prejoin/Preview';
import { HomeButton } from '../room/Ended';
import '../styles/hosting.css';
import { Logo } from '../ui/Logo';
import { NoticePage } from '../ui/NoticePage';
import { PageHeader } from '../ui/PageHeader';
import './texts';

/** In front of a room whose hosts let people in one by one. */
export default function WaitingPage({
  roomName,
  name,
  media,
  devices,
  state,
  onAgain,
}: {
  roomName: string;
  name: string;
  media: LocalMedia;
  devices: Devices;
  state: 'waiting' | 'turned-away' | 'over';
  onAgain: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { t: own } = useTranslation('hosting');
  const view = useLocalMedia(media);
  if (state !== 'waiting') {
    return (
      <NoticePage
        title={own(state === 'over' ? 'over.title' : 'turnedAway.title')}
        tone="alert"
        actions={
          <>
            <button className="button primary" onClick={onAgain}>
              <RotateCw aria-hidden="true" />
              {state === 'over' ? t('ended.tryAgain') : own('turnedAway.again')}
            </button>
            <HomeButton />
          </>
        }
      >
        <p>{own(state === 'over' ? 'over.text' : 'turnedAway.text', { room: roomName })}</p>
      </NoticePage>
    );
  }
  return (
    <div className="page">
      <PageHeader />
      <main className="prejoin waiting-page">
        <section className="prejoin-picture">
          <Preview view={view} devices={devices} name={name} />
        </section>
        <div className="prejoin-form" role="status">
          <Logo />
          <div>
            <p className="eyebrow">{roomName}</p>
            <h1 className="room-title">{own('waiting.title')}</h1>
          </div>
          <p className="invite-text">{own('waiting.text', { room: roomName })}</p>
          <button className="button" onClick={() => navigate('/')}>
            <LogOut aria-hidden="true" />
            {own('waiting.leave')}
          </button>
        </div>
      </main>
    </div>
  );
}
