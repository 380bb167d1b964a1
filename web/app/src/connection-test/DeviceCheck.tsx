import { createLocalMedia, type LocalMedia } from '@kaigi/client';
import { Square, Video } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { explain } from '../core/errors';
import { useLocalMedia } from '../core/useSdk';
import { LevelMeter } from '../ui/LevelMeter';
import { useVideo } from '../ui/useVideo';

interface Failure {
  kind: 'mic' | 'camera';
  error: unknown;
}

/** Opens camera and microphone when asked to, and never before. */
export function DeviceCheck() {
  const { t } = useTranslation('test');
  const { t: common } = useTranslation();
  const [media, setMedia] = useState<LocalMedia>();
  const [failures, setFailures] = useState<Failure[]>([]);
  const open = useRef<LocalMedia>(undefined);
  useEffect(() => () => open.current?.close(), []);

  const start = () => {
    const fresh = (open.current = createLocalMedia());
    setMedia(fresh);
    setFailures([]);
    const fail = (kind: Failure['kind']) => (error: unknown) => {
      if (open.current === fresh) setFailures((before) => [...before, { kind, error }]);
    };
    void Promise.all([fresh.setMic(true).catch(fail('mic')), fresh.setCamera(true).catch(fail('camera'))]);
  };
  const stop = () => {
    open.current?.close();
    open.current = undefined;
    setMedia(undefined);
  };

  return (
    <div className="test-devices">
      {media && <Devices media={media} />}
      {failures.map(({ kind, error }) => {
        const { title, text } = explain(error, kind, common);
        return (
          <p key={kind} className="test-problem" role="alert">
            <strong>{title}.</strong> {text}
          </p>
        );
      })}
      <button className="button small" onClick={media ? stop : start}>
        {media ? <Square aria-hidden="true" /> : <Video aria-hidden="true" />}
        {t(media ? 'devices.stop' : 'devices.try')}
      </button>
    </div>
  );
}

function Devices({ media }: { media: LocalMedia }) {
  const { t } = useTranslation('test');
  const view = useLocalMedia(media);
  const track = view.state.camera ? view.tracks.camera : undefined;
  const { video, showing } = useVideo(track, view.state.camera);
  return (
    <div className="test-devices-live">
      <video
        ref={video}
        className="mirrored"
        data-showing={showing}
        hidden={!track}
        muted
        playsInline
        autoPlay
        aria-label={t('devices.preview')}
      />
      {view.state.mic && (
        <div>
          <p>{t('devices.speak')}</p>
          <LevelMeter media={media} on={view.state.mic} />
        </div>
      )}
    </div>
  );
}
