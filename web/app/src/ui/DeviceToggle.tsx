import { Mic, MicOff, Video, VideoOff } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { DeviceKind, Devices } from '../core/useDevices';
import { ControlButton } from './ControlButton';

/** The switch of the microphone or the camera. Its name never changes; `aria-pressed` tells the state. */
export function DeviceToggle({
  kind,
  on,
  devices,
  reason,
  onError,
}: {
  kind: DeviceKind;
  on: boolean;
  devices: Devices;
  /** Why it may not be turned on. */
  reason?: string | undefined;
  onError?: (kind: DeviceKind, error: unknown) => void;
}) {
  const { t } = useTranslation();
  const icons = kind === 'mic' ? ([Mic, MicOff] as const) : ([Video, VideoOff] as const);
  const Icon = icons[on ? 0 : 1];
  return (
    <ControlButton
      label={t(kind === 'mic' ? 'control.mic' : 'control.camera')}
      tip={t(`control.${kind}${on ? 'Off' : 'On'}`)}
      shortcut={kind === 'mic' ? 'M' : 'V'}
      pressed={on}
      look={on ? 'normal' : 'off'}
      busy={devices.busy[kind]}
      reason={reason}
      flawed={!on && devices.errors[kind] !== undefined}
      onClick={() =>
        void devices.turn(kind, !on).then((error) => {
          if (error !== undefined) onError?.(kind, error);
        })
      }
    >
      <Icon aria-hidden="true" />
    </ControlButton>
  );
}
