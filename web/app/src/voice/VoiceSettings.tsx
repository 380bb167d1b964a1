import { useTranslation } from 'react-i18next';
import { setChoices, useChoices } from '../core/preferences';
import { useMediaQuery } from '../core/hooks';
import { Switch } from '../ui/Switch';
import './texts';

/** What of `Voice` is wished. */
export function VoiceSettings() {
  const { t } = useTranslation('voice');
  const { pushToTalk = true, mutedHint = true, chimes = true } = useChoices();
  const keyboard = useMediaQuery('(hover: hover)');
  return (
    <section className="settings-section">
      <h3>{t('voice.title')}</h3>
      {keyboard && (
        <Switch
          label={t('voice.pushToTalk')}
          hint={t('voice.pushToTalkHint')}
          checked={pushToTalk}
          onChange={(on) => setChoices({ pushToTalk: on })}
        />
      )}
      <Switch
        label={t('voice.mutedHint')}
        hint={t('voice.mutedHintHint')}
        checked={mutedHint}
        onChange={(on) => setChoices({ mutedHint: on })}
      />
      <Switch
        label={t('voice.chimes')}
        hint={t('voice.chimesHint')}
        checked={chimes}
        onChange={(on) => setChoices({ chimes: on })}
      />
    </section>
  );
}
