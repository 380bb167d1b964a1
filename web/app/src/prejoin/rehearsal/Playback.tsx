import { AudioLines, Play, Square } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useChoices } from '../../core/preferences';
import type { Recording } from './useRehearsal';

type MediaElement = HTMLVideoElement & { setSinkId?: (deviceId: string) => Promise<void> };

/** Plays a rehearsal on the speaker that is chosen, at once and then as often as one likes. */
export function Playback({ recording }: { recording: Recording }) {
  const { t } = useTranslation('rehearsal');
  const { speaker } = useChoices();
  const element = useRef<MediaElement>(null);
  const [playing, setPlaying] = useState(false);
  const [blocked, setBlocked] = useState(false);

  const play = useCallback(async () => {
    const video = element.current;
    if (!video) return;
    try {
      // A speaker that is gone: the default one, then.
      await video.setSinkId?.(speaker).catch(() => undefined);
      video.currentTime = 0;
      await video.play();
      setBlocked(false);
    } catch (error) {
      // Stopped before it began is no failure.
      if (!(error instanceof DOMException && error.name === 'AbortError')) setBlocked(true);
    }
  }, [speaker]);
  const begin = useRef(play);
  useEffect(() => void begin.current(), []);

  return (
    <>
      <video
        ref={element}
        src={recording.url}
        data-showing={recording.kind === 'video'}
        playsInline
        aria-label={t('rehearsal.playback')}
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => setPlaying(false)}
      />
      {recording.kind === 'audio' && (
        <p className="rehearsal-blank" data-playing={playing}>
          <AudioLines aria-hidden="true" />
          {t(playing ? 'rehearsal.playing' : 'rehearsal.played')}
        </p>
      )}
      {blocked && <p className="rehearsal-mark">{t('rehearsal.blocked')}</p>}
      <button
        type="button"
        className="rehearsal-play"
        aria-label={t(playing ? 'rehearsal.stopPlaying' : 'rehearsal.playAgain')}
        onClick={() => (playing ? element.current?.pause() : void play())}
      >
        {playing ? <Square aria-hidden="true" /> : <Play aria-hidden="true" />}
      </button>
    </>
  );
}
