import { Camera, Mic, Volume2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { canChooseSpeaker } from '../core/browser';
import { errorCode } from '../core/errors';
import { setChoices, useChoices } from '../core/preferences';
import type { Devices } from '../core/useDevices';
import type { LocalMediaView } from '../core/useSdk';

/** The three device choices, alike before and during a meeting. */
export function DeviceSelects({
  view,
  devices,
  onError,
}: {
  view: LocalMediaView;
  devices: Devices;
  onError?: (kind: 'mic' | 'camera', error: unknown) => void;
}) {
  const { t } = useTranslation();
  const { speaker } = useChoices();
  const choose = async (kind: 'mic' | 'camera', deviceId: string) => {
    const error = await devices.choose(kind, deviceId);
    if (error !== undefined) onError?.(kind, error);
  };
  return (
    <div className="device-selects">
      <DeviceSelect
        icon={<Mic aria-hidden="true" />}
        label={t('device.micDevice')}
        none={errorCode(devices.errors.mic) === 'device-not-found' ? t('device.noMic') : t('device.anyMic')}
        options={options(view.devices, 'audioinput', (number) => t('device.micNumber', { number }))}
        value={view.micDevice ?? ''}
        onChange={(deviceId) => void choose('mic', deviceId)}
      />
      <DeviceSelect
        icon={<Camera aria-hidden="true" />}
        label={t('device.cameraDevice')}
        none={
          errorCode(devices.errors.camera) === 'device-not-found'
            ? t('device.noCamera')
            : t('device.anyCamera')
        }
        options={options(view.devices, 'videoinput', (number) => t('device.cameraNumber', { number }))}
        value={view.cameraDevice ?? ''}
        onChange={(deviceId) => void choose('camera', deviceId)}
      />
      <SpeakerSelect view={view} value={speaker} onChange={(deviceId) => setChoices({ speaker: deviceId })} />
    </div>
  );
}

function SpeakerSelect({
  view,
  value,
  onChange,
}: {
  view: LocalMediaView;
  value: string;
  onChange: (deviceId: string) => void;
}) {
  const { t } = useTranslation();
  const found = canChooseSpeaker()
    ? options(view.devices, 'audiooutput', (number) => t('device.speakerNumber', { number })).filter(
        (option) => option.value !== 'default',
      )
    : [];
  const all = [{ value: '', label: t('device.speakerDefault') }, ...found];
  return (
    <DeviceSelect
      icon={<Volume2 aria-hidden="true" />}
      label={t('device.speakerDevice')}
      none={t('device.speakerDefault')}
      options={all}
      value={all.some((option) => option.value === value) ? value : ''}
      onChange={onChange}
    />
  );
}

interface Option {
  value: string;
  label: string;
}

function DeviceSelect({
  icon,
  label,
  none,
  options,
  value,
  onChange,
}: {
  icon: React.ReactNode;
  label: string;
  none: string;
  options: Option[];
  value: string;
  onChange: (deviceId: string) => void;
}) {
  const known = options.some((option) => option.value === value);
  return (
    <label className="device-select">
      <span className="device-select-icon">{icon}</span>
      <select
        aria-label={label}
        value={known ? value : (options[0]?.value ?? '')}
        disabled={options.length === 0}
        onChange={(event) => onChange(event.target.value)}
      >
        {options.length === 0 && <option value="">{none}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Devices of a kind; before permission is given, browsers hide their ids and labels. */
function options(
  devices: readonly MediaDeviceInfo[],
  kind: MediaDeviceKind,
  numbered: (number: number) => string,
): Option[] {
  return devices
    .filter((device) => device.kind === kind)
    .map((device, index) => ({ value: device.deviceId, label: device.label || numbered(index + 1) }))
    .filter((option, index, all) => all.findIndex((other) => other.value === option.value) === index);
}
