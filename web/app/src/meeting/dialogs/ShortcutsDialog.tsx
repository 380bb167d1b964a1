import { useTranslation } from 'react-i18next';
import { useChoices } from '../../core/preferences';
import { Modal } from '../../ui/Modal';
import '../../voice/texts';
import './shortcuts.css';

/** Every key that does something in a meeting: whoever adds one adds it here. */
export default function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { t: own } = useTranslation('voice');
  const { pushToTalk = true } = useChoices();
  const groups: { title: string; rows: [string, string][] }[] = [
    {
      title: own('keys.talking'),
      rows: [
        [own('keys.space'), own(pushToTalk ? 'keys.hold' : 'keys.holdOff')],
        ['M', t('shortcuts.mic')],
        ['V', t('shortcuts.camera')],
        ['S', t('shortcuts.screen')],
      ],
    },
    {
      title: own('keys.meeting'),
      rows: [
        ['C', t('shortcuts.chat')],
        ['P', t('shortcuts.participants')],
    ['H', t('shortcuts.hand')],
        ['L', t('shortcuts.layout')],
        ['D', t('statistics.shortcut')],
        ['I', t('invite.button')],
        ['F', t('tile.fullscreen')],
        ['?', t('shortcuts.help')],
      ],
    },
    {
      title: own('keys.moving'),
      rows: [
        ['Tab', own('keys.tab')],
        ['← →', own('keys.arrows')],
        ['Enter', own('keys.press')],
        ['Esc', t('shortcuts.close')],
      ],
    },
    { title: t('panel.chat'), rows: [['Enter', own('keys.send')]] },
  ];
  return (
    <Modal title={t('shortcuts.title')} onClose={onClose}>
      <p className="invite-text">{t('shortcuts.text')}</p>
      {/* On a low screen it scrolls, by keys as well. */}
      <div className="shortcut-groups" role="group" tabIndex={0} aria-label={t('shortcuts.title')}>
        {groups.map(({ title, rows }) => (
          <section key={title} className="settings-section">
            <h3>{title}</h3>
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
          </section>
        ))}
      </div>
    </Modal>
  );
}
