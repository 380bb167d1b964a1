import { CameraOff, MicOff, ShieldAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { errorCode, explain } from '../core/errors';
import type { DeviceKind, Devices } from '../core/useDevices';
import type { LocalMediaView } from '../core/useSdk';

/** What is missing, in words, and that one can join all the same. */
export function DeviceNotices({ view, devices }: { view: LocalMediaView; devices: Devices }) {
  const { t } = useTranslation();
  const failed = (['mic', 'camera'] as const).filter(
    (kind) => devices.errors[kind] !== undefined && !view.state[kind],
  );
  const codes = failed.map((kind) => errorCode(devices.errors[kind]));
  // One word for both when both fail for the same reason.
  if (failed.length === 2 && codes[0] === codes[1]) {
    if (codes[0] === 'device-not-found') {
      return <Notice kind="both" title={t('error.notFound.both')} text={t('error.notFound.bothText')} />;
    }
    if (codes[0] === 'insecure-context') return <Explained kind="mic" shownAs="both" devices={devices} />;
    if (codes[0] === 'permission-denied') {
      const { text } = explain(devices.errors.mic, 'mic', t);
      return <Notice kind="both" title={t('error.permissionDenied.both')} text={text} />;
    }
  }
  return failed.map((kind) => <Explained key={kind} kind={kind} shownAs={kind} devices={devices} />);
}

function Explained({
  kind,
  shownAs,
  devices,
}: {
  kind: DeviceKind;
  shownAs: DeviceKind | 'both';
  devices: Devices;
}) {
  const { t } = useTranslation();
  const { title, text } = explain(devices.errors[kind], kind, t);
  return <Notice kind={shownAs} title={title} text={text} />;
}

const icons = { mic: MicOff, camera: CameraOff, both: ShieldAlert };

function Notice({ kind, title, text }: { kind: DeviceKind | 'both'; title: string; text: string }) {
  const { t } = useTranslation();
  const Icon = icons[kind];
  return (
    <div className="callout" role="status">
      <Icon aria-hidden="true" />
      <div>
        <strong>{title}</strong>
        <p>{text}</p>
        <p>{t('error.joinWithout')}</p>
      </div>
    </div>
  );
}
