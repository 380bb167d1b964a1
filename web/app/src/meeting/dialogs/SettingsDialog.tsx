import type { AudioProcessing, LocalMedia, Room } from '@kaigi/client';
import { useTranslation } from 'react-i18next';
import { setChoices, useChoices } from '../../core/preferences';
import type { DeviceKind, Devices } from '../../core/useDevices';
import type { LocalMediaView } from '../../core/useSdk';
import { QualitySection } from '../../quality-choice/QualitySection';
import { DeviceSelects } from '../../ui/DeviceSelects';
import { LevelMeter } from '../../ui/LevelMeter';
import { Modal } from '../../ui/Modal';
import { LanguageSelect, ThemeSwitch } from '../../ui/PageHeader';
import { Switch } from '../../ui/Switch';
import { VoiceSettings } from '../../voice/VoiceSettings';

const processing = [
  'echoCancellation',
  'noiseSuppression',
  'autoGainControl',
] as const satisfies readonly (keyof AudioProcessing)[];

export default function SettingsDialog({
  room,
  media,
  view,
  devices,
  onDeviceError,
  onClose,
}: {
  room: Room;
  media: LocalMedia;
  view: LocalMediaView;
  devices: Devices;
  onDeviceError: (kind: DeviceKind, error: unknown) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { selfView } = useChoices();
  return (
    <Modal title={t('settings.title')} onClose={onClose}>
      <section className="settings-section">
        <h3>{t('settings.devices')}</h3>
        <DeviceSelects view={view} devices={devices} onError={onDeviceError} />
        <div className="level-row">
          <span>{t('prejoin.level')}</span>
          <LevelMeter media={media} on={view.state.mic} />
        </div>
      </section>
      <section className="settings-section">
        <h3>{t('settings.sound')}</h3>
        {processing.map((name) => (
          <Switch
            key={name}
            label={t(`settings.${name}`)}
            hint={t(`settings.${name}Hint`)}
            checked={view.processing[name]}
            onChange={(on) => {
              media.setProcessing({ [name]: on }).then(
                () => setChoices({ processing: { ...media.processing } }),
                (error: unknown) => onDeviceError('mic', error),
              );
            }}
          />
        ))}
      </section>
      <VoiceSettings />
      <QualitySection room={room} media={media} onError={onDeviceError} />
      <section className="settings-section">
        <h3>{t('settings.look')}</h3>
        <Switch
          label={t('settings.selfView')}
          hint={t('settings.selfViewHint')}
          checked={selfView}
          onChange={(shown) => setChoices({ selfView: shown })}
        />
        <div className="settings-row">
          <span>{t('common.theme')}</span>
          <ThemeSwitch />
        </div>
        <div className="settings-row">
          <span>{t('common.language')}</span>
          <LanguageSelect />
        </div>
      </section>
    </Modal>
  );
}
