import type { RemoteParticipant } from '@kaigi/client';
import { Volume2 } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useChoices } from '../core/preferences';

/** The others' sound: an `<audio>` per track, and a button where the browser wants a click first. */
export function RemoteAudio({ participants }: { participants: readonly RemoteParticipant[] }) {
  const { t } = useTranslation();
  const { speaker } = useChoices();
  const holder = useRef<HTMLDivElement>(null);
  const [blocked, setBlocked] = useState(false);
  const onBlocked = useCallback(() => setBlocked(true), []);

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
        {participants.flatMap((person) =>
          (['mic', 'screenAudio'] as const).map((source) => {
            const track = person.tracks[source];
            return (
              track && (
                <Sound key={`${person.id}:${source}`} track={track} speaker={speaker} onBlocked={onBlocked} />
              )
            );
          }),
        )}
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

type AudioElement = HTMLAudioElement & { setSinkId?: (deviceId: string) => Promise<void> };

function Sound({
  track,
  speaker,
  onBlocked,
}: {
  track: MediaStreamTrack;
  speaker: string;
  onBlocked: () => void;
}) {
  const audio = useRef<AudioElement>(null);
  useEffect(() => {
    const element = audio.current;
    if (!element) return;
    element.srcObject = new MediaStream([track]);
    element.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError') onBlocked();
    });
    return () => {
      element.srcObject = null;
    };
  }, [track, onBlocked]);
  useEffect(() => {
    // A speaker that is gone: the browser then goes on with the default one.
    audio.current?.setSinkId?.(speaker).catch(() => undefined);
  }, [speaker]);
  return <audio ref={audio} autoPlay />;
}
