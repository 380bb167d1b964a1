import type { LocalMedia } from '@kaigi/client';
import { Circle, MicOff, RotateCcw, Square } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { LocalMediaView } from '../../core/useSdk';
import { LevelMeter } from '../../ui/LevelMeter';
import { Modal } from '../../ui/Modal';
import { useVideo } from '../../ui/useVideo';
import { Playback } from './Playback';
import { useRehearsal } from './useRehearsal';
import './rehearsal.css';
import './texts';

/** Records three seconds of oneself and plays them: what the others will see and hear. */
export default function Rehearsal({
  media,
  view,
  onClose,
}: {
  media: LocalMedia;
  view: LocalMediaView;
  onClose: () => void;
}) {
  const { t } = useTranslation('rehearsal');
  const { t: common } = useTranslation();
  const { state, start, stop } = useRehearsal(media);
  const { mic, camera } = view.state;
  const recording = state.step === 'recording';
  return (
    <Modal title={t('rehearsal.title')} onClose={onClose}>
      <p className="invite-text">{t('rehearsal.text')}</p>
      <div className="rehearsal-screen" data-recording={recording}>
        {state.step === 'recorded' ? (
          <Playback key={state.recording.url} recording={state.recording} />
        ) : (
          <Live view={view} />
        )}
        {recording && (
          <>
            <p className="rehearsal-mark">
              <i aria-hidden="true" />
              {t('rehearsal.recording')}
            </p>
            <div className="rehearsal-progress" aria-hidden="true" />
          </>
        )}
      </div>
      <div className="level-row">
        <span>{common('prejoin.level')}</span>
        <LevelMeter media={media} on={mic} />
      </div>
      <div className="rehearsal-words" role="status">
        {recording && <p>{t(mic ? 'rehearsal.speak' : 'rehearsal.silentPicture')}</p>}
        {state.step === 'ready' && !mic && <p>{t(camera ? 'rehearsal.micOff' : 'rehearsal.bothOff')}</p>}
        {state.step === 'recorded' && !state.recording.unheard && (
          <p>{t(state.recording.kind === 'video' ? 'rehearsal.thisIsYou' : 'rehearsal.thisIsYourVoice')}</p>
        )}
        {state.step === 'recorded' && state.recording.unheard && (
          <p className="rehearsal-problem">
            <strong>{t('rehearsal.unheard')}</strong> {t('rehearsal.unheardText')}
          </p>
        )}
        {state.step === 'failed' && (
          <p className="rehearsal-problem">
            <strong>{t(`rehearsal.${state.problem}`)}</strong> {t(`rehearsal.${state.problem}Text`)}
          </p>
        )}
      </div>
      <div className="rehearsal-actions">
        {recording ? (
          <button className="button" onClick={stop}>
            <Square aria-hidden="true" />
            {t('rehearsal.stop')}
          </button>
        ) : (
          <button className="button primary" onClick={start} disabled={!mic && !camera}>
            {state.step === 'ready' ? <Circle aria-hidden="true" /> : <RotateCcw aria-hidden="true" />}
            {t(state.step === 'ready' ? 'rehearsal.record' : 'rehearsal.again')}
          </button>
        )}
        <button className="button" onClick={onClose}>
          {t('rehearsal.done')}
        </button>
      </div>
    </Modal>
  );
}

function Live({ view }: { view: LocalMediaView }) {
  const { t } = useTranslation();
  const track = view.state.camera ? view.tracks.camera : undefined;
  const { video, showing } = useVideo(track, view.state.camera);
  return (
    <>
      <video
        ref={video}
        className="mirrored"
        data-showing={showing}
        muted
        playsInline
        autoPlay
        aria-label={t('prejoin.preview')}
      />
      {!view.state.camera && (
        <p className="rehearsal-blank">
          {!view.state.mic && <MicOff aria-hidden="true" />}
          {t('prejoin.cameraOff')}
        </p>
      )}
    </>
  );
}
