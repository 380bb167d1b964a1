import type { RemoteParticipant, Room } from '@kaigi/client';
import { UserMinus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { explain } from '../../core/errors';
import { showToast } from '../../core/toasts';
import { Modal } from '../../ui/Modal';

/** Asks once more: who is sent away does not come back. */
export default function RemoveDialog({
  room,
  person,
  onClose,
}: {
  room: Room;
  person: RemoteParticipant;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const remove = () => {
    onClose();
    room.hosting
      .remove(person.id)
      .catch((error: unknown) => showToast({ tone: 'error', ...explain(error, 'host', t) }));
  };
  return (
    <Modal title={t('host.removeTitle', { name: person.name })} onClose={onClose}>
      <p>{t('host.removeText')}</p>
      <div className="modal-actions">
        <button className="button" onClick={onClose}>
          {t('common.cancel')}
        </button>
        <button className="button danger" onClick={remove}>
          <UserMinus aria-hidden="true" />
          {t('host.removeConfirm')}
        </button>
      </div>
    </Modal>
  );
}
