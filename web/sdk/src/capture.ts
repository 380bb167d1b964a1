import { insecureContext } from './errors';

export type DeviceKind = 'mic' | 'camera';

/** What of `navigator.mediaDevices` is used; tests bring their own. */
export type MediaDevicesLike = Pick<
  MediaDevices,
  'getUserMedia' | 'getDisplayMedia' | 'enumerateDevices' | 'addEventListener' | 'removeEventListener'
>;

interface Wish {
  constraints: MediaTrackConstraints;
  resolve: (track: MediaStreamTrack) => void;
  reject: (error: unknown) => void;
}

/**
 * Opens microphones and cameras. Both asked for in the same moment become one `getUserMedia`, because two
 * calls mean two questions to the user.
 */
export class Capture {
  readonly #devices: MediaDevicesLike | undefined;
  #wishes = new Map<DeviceKind, Wish>();

  constructor(devices: MediaDevicesLike | undefined) {
    this.#devices = devices;
  }

  open(kind: DeviceKind, constraints: MediaTrackConstraints): Promise<MediaStreamTrack> {
    const devices = this.#devices;
    if (!devices) return Promise.reject(insecureContext());
    return new Promise((resolve, reject) => {
      if (this.#wishes.size === 0) queueMicrotask(() => this.#ask(devices));
      this.#wishes.set(kind, { constraints, resolve, reject });
    });
  }

  #ask(devices: MediaDevicesLike): void {
    const wishes = this.#wishes;
    this.#wishes = new Map();
    const alone = (kind: DeviceKind, wish: Wish) =>
      void devices
        .getUserMedia(kind === 'mic' ? { audio: wish.constraints } : { video: wish.constraints })
        .then((stream) => take(stream, kind, wish))
        .catch(wish.reject);
    const [mic, camera] = [wishes.get('mic'), wishes.get('camera')];
    if (!mic || !camera) {
      wishes.forEach((wish, kind) => alone(kind, wish));
      return;
    }
    devices.getUserMedia({ audio: mic.constraints, video: camera.constraints }).then(
      (stream) => {
        take(stream, 'mic', mic);
        take(stream, 'camera', camera);
      },
      (error: unknown) => {
        if (error instanceof Error && error.name === 'NotAllowedError') {
          // The user was asked and said no; asking twice more would be rude.
          mic.reject(error);
          camera.reject(error);
        } else {
          // A missing camera must not cost the microphone.
          alone('mic', mic);
          alone('camera', camera);
        }
      },
    );
  }
}

function take(stream: MediaStream, kind: DeviceKind, wish: Wish): void {
  const [track] = kind === 'mic' ? stream.getAudioTracks() : stream.getVideoTracks();
  if (track) wish.resolve(track);
  else wish.reject(new DOMException('the stream has no such track', 'NotFoundError'));
}
