import type { LocalMedia } from '@kaigi/client';
import { useCallback, useEffect, useRef, useState } from 'react';
import { record, RehearsalFailed, type RehearsalProblem } from './recorder';

/** Below this (-48 dBFS) it was a quiet room, not a voice. */
const leastVoice = 0.2;

export interface Recording {
  url: string;
  kind: 'audio' | 'video';
  /** A microphone was recorded, and all it had was quiet. */
  unheard: boolean;
}

export type RehearsalState =
  | { step: 'ready' }
  | { step: 'recording' }
  | { step: 'recorded'; recording: Recording }
  | { step: 'failed'; problem: RehearsalProblem };

/** One rehearsal after the other: records what is on now, and keeps it until the next one. */
export function useRehearsal(media: LocalMedia): {
  state: RehearsalState;
  start: () => void;
  stop: () => void;
} {
  const [state, setState] = useState<RehearsalState>({ step: 'ready' });
  const running = useRef<AbortController>(undefined);
  const url = useRef<string>(undefined);

  const end = useCallback(() => {
    running.current?.abort();
    running.current = undefined;
    if (url.current !== undefined) URL.revokeObjectURL(url.current);
    url.current = undefined;
  }, []);
  useEffect(() => end, [end]);

  const start = useCallback(() => {
    end();
    const { mic, camera } = media.tracks;
    const tracks = [mic, camera].filter((track) => track !== undefined);
    if (tracks.length === 0) return;
    const kind = camera ? 'video' : 'audio';
    const controller = (running.current = new AbortController());
    let loudest = 0;
    const stopListening = media.on('level', (level) => (loudest = Math.max(loudest, level)));
    setState({ step: 'recording' });
    record(new MediaStream(tracks), kind, controller.signal)
      .then(
        (blob) => {
          if (controller.signal.aborted) return;
          url.current = URL.createObjectURL(blob);
          const unheard = mic !== undefined && loudest < leastVoice;
          setState({ step: 'recorded', recording: { url: url.current, kind, unheard } });
        },
        (error: unknown) => {
          if (controller.signal.aborted) return;
          setState({ step: 'failed', problem: error instanceof RehearsalFailed ? error.problem : 'failed' });
        },
      )
      .finally(stopListening);
  }, [media, end]);

  const stop = useCallback(() => {
    end();
    setState({ step: 'ready' });
  }, [end]);
  return { state, start, stop };
}
