import { useTranslation } from 'react-i18next';
import { Modal } from '../../ui/Modal';

export default function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const rows: [string, string][] = [
    ['M', t('shortcuts.mic')],
    ['V', t('shortcuts.camera')],
    ['S', t('shortcuts.screen')],
    ['C', t('shortcuts.chat')],
    ['P', t('shortcuts.participants')],
    ['H', t('shortcuts.hand')],
    ['L', t('shortcuts.layout')],
    ['I', t('invite.button')],
    ['F', t('tile.fullscreen')],
    ['?', t('shortcuts.help')],
    ['Esc', t('shortcuts.close')],
  ];
  return (
    <Modal title={t('shortcuts.title')} onClose={onClose}>
      <p className="invite-text">{t('shortcuts.text')}</p>
      <dl className="shortcuts">
        {rows.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
