export const rehearsalMilliseconds = 3_000;

/** What of `MediaRecorder` is used; tests bring their own. */
export interface RecorderLike extends EventTarget {
  readonly state: RecordingState;
  start(): void;
  stop(): void;
}

export interface RecorderConstructor {
  new (stream: MediaStream, options: MediaRecorderOptions): RecorderLike;
  isTypeSupported(type: string): boolean;
}

/** Every browser plays what it records itself; Safari knows MP4 only. */
const types = {
  video: ['video/webm;codecs=vp8,opus', 'video/webm', 'video/mp4'],
  audio: ['audio/webm;codecs=opus', 'audio/webm', 'audio/mp4', 'audio/ogg;codecs=opus'],
};

export function recordingType(
  kind: 'audio' | 'video',
  supported: (type: string) => boolean,
): string | undefined {
  return types[kind].find(supported);
}

export type RehearsalProblem = 'unsupported' | 'failed';

export class RehearsalFailed extends Error {
  constructor(
    readonly problem: RehearsalProblem,
    options?: ErrorOptions,
  ) {
    super(`the rehearsal: ${problem}`, options);
    this.name = 'RehearsalFailed';
  }
}

/**
 * Records tracks for a moment, in this page's memory only. A device that goes away ends it early. Rejects with
 * `RehearsalFailed`, or with the signal's reason.
 */
export function record(
  stream: MediaStream,
  kind: 'audio' | 'video',
  signal: AbortSignal,
  Recorder: RecorderConstructor | undefined = globalThis.MediaRecorder,
  milliseconds = rehearsalMilliseconds,
): Promise<Blob> {
  const mimeType = Recorder && recordingType(kind, (type) => Recorder.isTypeSupported(type));
  if (!Recorder || mimeType === undefined) return Promise.reject(new RehearsalFailed('unsupported'));
  return new Promise((resolve, reject) => {
    let recorder: RecorderLike;
    try {
      recorder = new Recorder(stream, { mimeType });
    } catch (error) {
      reject(new RehearsalFailed('failed', { cause: error }));
      return;
    }
    const pieces: Blob[] = [];
    const stop = () => recorder.state !== 'inactive' && recorder.stop();
    const timer = setTimeout(stop, milliseconds);
    const abort = () => {
      settle();
      // Before it stops: what it then delivers is not wanted any more.
      reject(signal.reason as Error);
      stop();
    };
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    signal.addEventListener('abort', abort, { once: true });
    recorder.addEventListener('dataavailable', (event) => {
      const { data } = event as BlobEvent;
      if (data.size > 0) pieces.push(data);
    });
    recorder.addEventListener('error', (event) => {
      settle();
      reject(new RehearsalFailed('failed', { cause: (event as Event & { error?: unknown }).error }));
    });
    recorder.addEventListener('stop', () => {
      settle();
      if (pieces.length > 0) resolve(new Blob(pieces, { type: mimeType }));
      else reject(new RehearsalFailed('failed'));
    });
    try {
      recorder.start();
    } catch (error) {
      settle();
      reject(new RehearsalFailed('failed', { cause: error }));
    }
  });
}
