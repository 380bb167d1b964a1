import type { Room } from '@kaigi/client';
import { useTranslation } from 'react-i18next';
import { useBreakouts } from '../core/useSdk';
import '../hosting/texts';
import '../styles/hosting.css';
import { Modal } from '../ui/Modal';
import { Overview } from './Overview';
import { Setup } from './Setup';

/** For hosts: planning breakout rooms, and watching over those that are open. */
export default function BreakoutsDialog({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTranslation('hosting');
  const breakouts = useBreakouts(room);
  return (
    <Modal title={t('rooms.dialog')} onClose={onClose}>
      {breakouts.rooms.length === 0 ? (
        <Setup room={room} onOpened={onClose} />
      ) : (
        <Overview room={room} breakouts={breakouts} onDone={onClose} />
      )}
    </Modal>
  );
}
