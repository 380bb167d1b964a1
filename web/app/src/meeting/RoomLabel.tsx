import { UserPlus } from 'lucide-react';
import { useTranslation } from 'react-i18next';

export function RoomLabel({ room, onInvite }: { room: string; onInvite: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="room-label">
      <h1 title={room}>{room}</h1>
      <button
        className="icon-button small"
        aria-label={t('invite.button')}
        title={t('invite.button')}
        onClick={onInvite}
      >
        <UserPlus aria-hidden="true" />
      </button>
    </div>
  );
}
