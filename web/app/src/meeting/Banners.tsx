import type { RemoteParticipant, Room } from '@kaigi/client';
import { CloudOff, MonitorUp, RotateCw, WifiOff } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useCountdown, useLasting } from '../core/hooks';
import { useSignaling } from '../core/useSdk';
import { TestLink } from '../ui/TestLink';

/** More names than this say less than none. */
const mostNamed = 3;

/** What concerns the whole meeting, above the stage: lost server, failed media, own screen shared. */
export function Banners({
  room,
  participants,
  sharing,
  onStopSharing,
}: {
  room: Room;
  participants: readonly RemoteParticipant[];
  sharing: boolean;
  onStopSharing: () => void;
}) {
  const { t } = useTranslation();
  const failed = participants.filter((person) => person.path === 'failed');
  const failedNow = useLasting(failed.length > 0, 2000);
  return (
    <section className="banners" aria-label={t('banner.label')}>
      <ServerLost
        room={room}
        mediaLives={participants.some(({ path }) => path !== 'connecting' && path !== 'failed')}
      />
      {failedNow && (
        <Banner
          tone="error"
          icon={<WifiOff aria-hidden="true" />}
          title={
            failed.length > mostNamed
              ? t('banner.mediaFailedMany')
              : t('banner.mediaFailed', { name: failed.map((person) => person.name).join(', ') })
          }
          text={t('banner.mediaFailedText')}
        >
          <button className="button small" onClick={() => room.restartIce()}>
            <RotateCw aria-hidden="true" />
            {t('ended.tryAgain')}
          </button>
          <TestLink className="button small" newTab />
        </Banner>
      )}
      {sharing && (
        <Banner tone="info" icon={<MonitorUp aria-hidden="true" />} title={t('banner.sharing')}>
          <button className="button small" onClick={onStopSharing}>
            {t('banner.stopSharing')}
          </button>
        </Banner>
      )}
    </section>
  );
}

/** A loss that outlasts so many tries may be the network's doing. */
const stubbornAttempts = 4;

function ServerLost({ room, mediaLives }: { room: Room; mediaLives: boolean }) {
  const { t } = useTranslation();
  const signaling = useSignaling(room);
  const reconnecting = signaling.state === 'reconnecting' ? signaling : undefined;
  const seconds = useCountdown(reconnecting?.retryAt);
  const shown = useLasting(reconnecting !== undefined, 500);
  if (!reconnecting || !shown) return null;
  return (
    <Banner
      tone="warning"
      icon={<CloudOff aria-hidden="true" />}
      title={reconnecting.serverClosing ? t('banner.serverRestarts') : t('banner.serverLost')}
      text={`${mediaLives ? t('banner.callGoesOn') : t('banner.weTry')} ${
        seconds > 0 ? t('banner.retryIn', { count: seconds }) : t('banner.retrying')
      }`}
    >
      <button className="button small" onClick={() => room.reconnectNow()}>
        <RotateCw aria-hidden="true" className={seconds > 0 ? undefined : 'spin'} />
        {t('banner.rejoinNow')}
      </button>
      {reconnecting.attempt >= stubbornAttempts && !reconnecting.serverClosing && (
        <TestLink className="button small" newTab />
      )}
    </Banner>
  );
}

/** One line about the whole meeting, and what to do. */
export function Banner({
  tone,
  icon,
  title,
  text,
  live = false,
  children,
}: {
  tone: 'info' | 'warning' | 'error';
  icon: ReactNode;
  title: string;
  text?: string | undefined;
  /** Announced when there is time, even though nothing is wrong. */
  live?: boolean;
  children: ReactNode;
}) {
  return (
    <div className={`banner ${tone}`}>
      {icon}
      {/* Only the title is announced: a countdown would talk every second. */}
      <p>
        <strong role={tone === 'info' ? (live ? 'status' : undefined) : 'alert'}>{title}</strong>
        {text && <span> {text}</span>}
      </p>
      {children}
    </div>
  );
}
