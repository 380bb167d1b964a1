import type { RemoteParticipant, Room } from '@kaigi/client';
import { Ban, UserMinus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Modal } from '../ui/Modal';
import { Switch } from '../ui/Switch';
import { attempt } from './words';

/** Asks once more, and whether they may come back. */
export function RemoveDialog({
  room,
  person,
  onClose,
}: {
  room: Room;
  person: RemoteParticipant;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { t: own } = useTranslation('hosting');
  const [ban, setBan] = useState(false);
  return (
    <Modal title={own('remove.title', { name: person.name })} onClose={onClose}>
      <p className="invite-text">{own('remove.text')}</p>
      <Switch label={own('remove.ban')} hint={own('remove.banHint')} checked={ban} onChange={setBan} />
      <div className="modal-actions">
        <button className="button" onClick={onClose}>
          {t('common.cancel')}
        </button>
        <button
          className="button danger"
          onClick={() => {
            onClose();
            attempt(room.hosting.remove(person.id, { ban }));
          }}
        >
          {ban ? <Ban aria-hidden="true" /> : <UserMinus aria-hidden="true" />}
          {ban ? own('remove.confirmBan') : own('remove.confirm')}
        </button>
      </div>
    </Modal>
  );
}
