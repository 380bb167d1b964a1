import type { Room } from '@kaigi/client';
import { DoorOpen } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { BreakoutBanner } from '../breakouts/BreakoutBanner';
import { useHost, useSignaling } from '../core/useSdk';
import { Banner } from '../meeting/Banners';
import '../styles/hosting.css';
import { KnockBanner } from './KnockBanner';
import './texts';
import { useTold } from './useTold';

/** What hosts and breakout rooms add to a meeting. Comes right after it, so that joining does not wait for it. */
export default function HostingLayer({
  room,
  onWaiting,
  onBreakouts,
}: {
  room: Room;
  /** Shows the list of those who wait; absent while it is shown. */
  onWaiting: (() => void) | undefined;
  onBreakouts: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation('hosting');
  const host = useHost(room);
  const signaling = useSignaling(room);
  useTold(room);
  return (
    <section className="banners" aria-label={t('rooms.dialog')}>
      {signaling.state === 'waiting' && (
        <Banner tone="warning" icon={<DoorOpen aria-hidden="true" />} title={t('knock.again')}>
          {null}
        </Banner>
      )}
      {host && <KnockBanner room={room} onShow={onWaiting} />}
      <BreakoutBanner room={room} host={host} onManage={onBreakouts} />
    </section>
  );
}
