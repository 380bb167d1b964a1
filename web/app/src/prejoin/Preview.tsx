import { useTranslation } from 'react-i18next';
import type { Devices } from '../core/useDevices';
import type { LocalMediaView } from '../core/useSdk';
import { DeviceToggle } from '../ui/DeviceToggle';
import { Avatar } from '../ui/Avatar';
import { useVideo } from '../ui/useVideo';

/** One's own picture as in a mirror, with the two switches on it. */
export function Preview({ view, devices, name }: { view: LocalMediaView; devices: Devices; name: string }) {
  const { t } = useTranslation();
  const track = view.state.camera ? view.tracks.camera : undefined;
  const { video, showing } = useVideo(track, view.state.camera);
  const mirrored = track?.getSettings().facingMode !== 'environment';
  return (
    <div className="preview" data-showing={showing}>
      <video
        ref={video}
        className={mirrored ? 'mirrored' : undefined}
        muted
        playsInline
        autoPlay
        aria-label={t('prejoin.preview')}
      />
      {!showing && (
        <div className="preview-empty">
          <Avatar name={name} />
          <p>{devices.busy.camera ? t('prejoin.cameraStarting') : t('prejoin.cameraOff')}</p>
        </div>
      )}
      <div className="preview-controls">
        <DeviceToggle kind="mic" on={view.state.mic} devices={devices} />
        <DeviceToggle kind="camera" on={view.state.camera} devices={devices} />
      </div>
    </div>
  );
}
