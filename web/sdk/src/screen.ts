import type { MediaDevicesLike } from './capture';
import { Emitter } from './emitter';
import { fromMediaError, insecureContext, screenShareUnsupported } from './errors';

/** Options newer than the standard library's types. */
interface DisplayOptions extends DisplayMediaStreamOptions {
  selfBrowserSurface?: 'include' | 'exclude';
  surfaceSwitching?: 'include' | 'exclude';
  systemAudio?: 'include' | 'exclude';
}

const OPTIONS: DisplayOptions = {
  video: { frameRate: { max: 30 }, width: { max: 2560 }, height: { max: 1600 } },
  audio: {
    // Made for voices; they would spoil a film's sound.
    echoCancellation: false,
    noiseSuppression: false,
    autoGainControl: false,
    // The others must not hear themselves in the sound of the system.
    restrictOwnAudio: true,
  } as MediaTrackConstraints,
  // A meeting that shares itself is a hall of mirrors.
  selfBrowserSurface: 'exclude',
  surfaceSwitching: 'include',
  systemAudio: 'include',
};

/** The shared screen, window or tab, with its sound if it has any. */
export class ScreenShare extends Emitter<{ change: undefined; ended: undefined }> {
  readonly #devices: MediaDevicesLike | undefined;
  #video: MediaStreamTrack | undefined;
  #audio: MediaStreamTrack | undefined;

  constructor(devices: MediaDevicesLike | undefined) {
    super();
    this.#devices = devices;
  }

  get video(): MediaStreamTrack | undefined {
    return this.#video;
  }

  get audio(): MediaStreamTrack | undefined {
    return this.#audio;
  }

  /** Lets the user choose; while something is shared, the new choice takes its place. */
  async start(): Promise<void> {
    if (!this.#devices) throw insecureContext();
    if (!this.#devices.getDisplayMedia) throw screenShareUnsupported();
    let stream: MediaStream;
    try {
      // Before any await: the browser demands the user's click to be fresh.
      stream = await this.#devices.getDisplayMedia(OPTIONS);
    } catch (error) {
      throw fromMediaError(error, 'screen');
    }
    const [video] = stream.getVideoTracks();
    const [audio] = stream.getAudioTracks();
    this.#stopTracks();
    this.#video = video;
    this.#audio = audio;
    if (video) {
      video.contentHint = 'detail'; // letters matter more than motion
      video.addEventListener('ended', () => {
        if (video !== this.#video) return;
        this.stop();
        this.emit('ended', undefined);
      });
    }
    if (audio) {
      audio.contentHint = 'music';
      audio.addEventListener('ended', () => {
        if (audio !== this.#audio) return;
        this.#audio = undefined;
        this.emit('change', undefined);
      });
    }
    this.emit('change', undefined);
  }

  stop(): void {
    if (!this.#video && !this.#audio) return;
    this.#stopTracks();
    this.emit('change', undefined);
  }

  #stopTracks(): void {
    this.#video?.stop();
    this.#audio?.stop();
    this.#video = this.#audio = undefined;
  }
}
