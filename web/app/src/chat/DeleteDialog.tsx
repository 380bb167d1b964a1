import type { ChatEntry, Room } from '@kaigi/client';
import { Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { showToast } from '../core/toasts';
import { Modal } from '../ui/Modal';
import { explainChat } from './problems';
import { QuotedText } from './Quote';

/** Asks once more: what is deleted does not come back. */
export function DeleteDialog({
  room,
  entry,
  onClose,
}: {
  room: Room;
  entry: ChatEntry;
  onClose: () => void;
}) {
  const { t } = useTranslation('chat');
  const { t: common } = useTranslation();
  const own = entry.from === room.id;
  const remove = () => {
    onClose();
    room
      .deleteChat(entry.id)
      .catch((error: unknown) => showToast({ tone: 'error', ...explainChat(error, common) }));
  };
  return (
    <Modal title={t(entry.body.type === 'poll' ? 'delete.poll' : 'delete.message')} onClose={onClose}>
      <div className="chat-deleting">
        {!own && <span className="chat-quote-name">{entry.name}</span>}
        <QuotedText answered={entry} />
      </div>
      <p className="settings-hint">{t(own ? 'delete.own' : 'delete.others')}</p>
      <div className="modal-actions">
        <button className="button" onClick={onClose}>
          {common('common.cancel')}
        </button>
        <button className="button danger" onClick={remove}>
          <Trash2 aria-hidden="true" />
          {t('line.action.delete')}
        </button>
      </div>
    </Modal>
  );
}
