import type { RemoteParticipant } from '@kaigi/client';
import { Volume2 } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useChoices } from '../core/preferences';
import { trackKey } from '../ui/track-key';
import { nextSounds, noSounds, sameSounds } from './sounds';

/** The others' sound: an `<audio>` per track, and a button where the browser wants a click first. */
export function RemoteAudio({ participants }: { participants: readonly RemoteParticipant[] }) {
  const { t } = useTranslation();
  const { speaker } = useChoices();
  const holder = useRef<HTMLDivElement>(null);
  const [blocked, setBlocked] = useState(false);
  const onBlocked = useCallback(() => setBlocked(true), []);
  const [plays, setPlays] = useState<ReadonlySet<MediaStreamTrack>>(new Set());
  const onPlays = useCallback(
    (track: MediaStreamTrack) =>
      setPlays((before) => new Set([...before, track].filter((one) => one.readyState === 'live'))),
    [],
  );
  const [sounds, setSounds] = useState(noSounds);
  const next = nextSounds(sounds, voicesOf(participants), plays);
  if (!sameSounds(sounds, next)) setSounds(next);
  const aloud = new Set(next.aloud.values());

  // Any gesture on the page will do; the button is for those who make none.
  const playAll = useCallback(() => {
    const elements = [...(holder.current?.querySelectorAll('audio') ?? [])];
    Promise.all(elements.map((element) => element.play())).then(
      () => setBlocked(false),
      () => undefined,
    );
  }, []);
  useEffect(() => {
    if (!blocked) return;
    addEventListener('pointerup', playAll);
    addEventListener('keyup', playAll);
    return () => {
      removeEventListener('pointerup', playAll);
      removeEventListener('keyup', playAll);
    };
  }, [blocked, playAll]);

  return (
    <>
      <div ref={holder} hidden>
        {next.playing.map((track) => (
          <Sound
            key={trackKey(track)}
            track={track}
            aloud={aloud.has(track)}
            speaker={speaker}
            onPlays={onPlays}
            onBlocked={onBlocked}
          />
        ))}
      </div>
      {blocked && (
        <button className="button primary hear" onClick={playAll}>
          <Volume2 aria-hidden="true" />
          {t('meeting.hear')}
        </button>
      )}
    </>
  );
}

function voicesOf(participants: readonly RemoteParticipant[]): Map<string, MediaStreamTrack> {
  const voices = new Map<string, MediaStreamTrack>();
  for (const { id, tracks } of participants) {
    if (tracks.mic) voices.set(`${id}:mic`, tracks.mic);
    if (tracks.screenAudio) voices.set(`${id}:screenAudio`, tracks.screenAudio);
  }
  return voices;
}

type AudioElement = HTMLAudioElement & { setSinkId?: (deviceId: string) => Promise<void> };

function Sound({
  track,
  aloud,
  speaker,
  onPlays,
  onBlocked,
}: {
  track: MediaStreamTrack;
  aloud: boolean;
  speaker: string;
  onPlays: (track: MediaStreamTrack) => void;
  onBlocked: () => void;
}) {
  const audio = useRef<AudioElement>(null);
  useEffect(() => {
    const element = audio.current;
    if (!element) return;
    element.srcObject = new MediaStream([track]);
    element.play().then(
      () => onPlays(track),
      (error: unknown) => {
        if (error instanceof DOMException && error.name === 'NotAllowedError') onBlocked();
      },
    );
    return () => {
      element.srcObject = null;
    };
  }, [track, onPlays, onBlocked]);
  useEffect(() => {
    // A speaker that is gone: the browser then goes on with the default one.
    audio.current?.setSinkId?.(speaker).catch(() => undefined);
  }, [speaker]);
  return <audio ref={audio} autoPlay muted={!aloud} />;
}
