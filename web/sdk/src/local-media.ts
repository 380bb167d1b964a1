import { Capture } from './capture';
import type { MediaDevicesLike } from './capture';
import { DeviceTrack } from './device-track';
import { Emitter } from './emitter';
import { insecureContext } from './errors';
import { LevelMeter } from './level-meter';
import { MicWatch } from './mic-watch';
import { ScreenShare } from './screen';
import { cameraConstraints } from './sending/capture';
import type { SendQuality } from './sending/types';
import type { Tracks } from './slots';
import { KaigiError } from './types';
import type { AudioProcessing, LocalMedia, LocalMediaEvents, LocalMediaOptions } from './types';
import type { MediaState } from './wire.gen';

const PROCESSING: AudioProcessing = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** One's own devices; nothing is opened until asked for. */
export function createLocalMedia(options: LocalMediaOptions = {}): LocalMedia {
  return new Devices(options, globalThis.navigator?.mediaDevices);
}

/** Puts microphone, camera and screen together. Exported for tests, which bring their own devices. */
export class Devices implements LocalMedia {
  readonly #events = new Emitter<LocalMediaEvents>();
  readonly #media: MediaDevicesLike | undefined;
  readonly #mic: DeviceTrack;
  readonly #camera: DeviceTrack;
  readonly #screen: ScreenShare;
  readonly #meter = new LevelMeter();
  readonly #watch = new MicWatch();
  #metered: MediaStreamTrack | undefined;
  #wasOn = false;
  #processing: AudioProcessing;
  #quality: SendQuality;
  #devices: readonly MediaDeviceInfo[] = [];
  #state: MediaState = { mic: false, camera: false, screen: false, screenAudio: false };
  #tracks: Tracks = {};
  #closed = false;

  constructor(options: LocalMediaOptions, media: MediaDevicesLike | undefined) {
    this.#media = media;
    this.#processing = { ...PROCESSING, ...options.processing };
    this.#quality = options.quality ?? {};
    const capture = new Capture(media);
    this.#mic = new DeviceTrack({
      kind: 'mic',
      open: (constraints) => capture.open('mic', constraints),
      constraints: { ...this.#processing },
      deviceId: options.micDevice,
    });
    this.#camera = new DeviceTrack({
      kind: 'camera',
      open: (constraints) => capture.open('camera', constraints),
      constraints: cameraConstraints(this.#quality),
      adjustable: true,
      deviceId: options.cameraDevice,
    });
    this.#screen = new ScreenShare(media);
    this.#mic.on('change', () => this.#update());
    this.#camera.on('change', () => this.#update());
    this.#screen.on('change', () => this.#update());
    this.#mic.on('lost', (lost) => this.#events.emit('device-lost', { kind: 'mic', ...lost }));
    this.#camera.on('lost', (lost) => this.#events.emit('device-lost', { kind: 'camera', ...lost }));
    this.#screen.on('ended', () => this.#events.emit('screen-ended', undefined));
    this.#meter.on('level', (level) => this.#events.emit('level', level));
    this.#meter.on('reading', (reading) => this.#watch.handleReading(reading, performance.now()));
    this.#watch.on('silent', () => this.#events.emit('change', undefined));
    this.#watch.on('muted-speech', () => this.#events.emit('muted-speech', undefined));
    media?.addEventListener?.('devicechange', this.#handleDeviceChange);
  }

  get state(): MediaState {
    return this.#state;
  }

  get tracks(): Tracks {
    return this.#tracks;
  }

  get devices(): readonly MediaDeviceInfo[] {
    return this.#devices;
  }

  get micDevice(): string | undefined {
    return this.#mic.deviceId;
  }

  get micSilent(): boolean {
    return this.#watch.silent;
  }

  get cameraDevice(): string | undefined {
    return this.#camera.deviceId;
  }

  get processing(): AudioProcessing {
    return this.#processing;
  }

  get quality(): SendQuality {
    return this.#quality;
  }

  on<K extends keyof LocalMediaEvents>(
    event: K,
    listener: (argument: LocalMediaEvents[K]) => void,
  ): () => void {
    return this.#events.on(event, listener);
  }

  async setMic(on: boolean): Promise<void> {
    if (on) this.#assertOpen();
    await this.#mic.setOn(on);
    if (on) this.#refreshQuietly();
  }

  setMicStandby(standby: boolean): void {
    if (this.#closed) return;
    // Whoever asked for what fails meanwhile is told; standby itself opens nothing that could fail.
    this.#mic.setStandby(standby).catch(() => undefined);
  }

  async setCamera(on: boolean): Promise<void> {
    if (on) this.#assertOpen();
    await this.#camera.setOn(on);
    if (on) this.#refreshQuietly();
  }

  async setMicDevice(deviceId: string): Promise<void> {
    this.#assertOpen();
    await this.#mic.setDevice(deviceId);
  }

  async setCameraDevice(deviceId: string): Promise<void> {
    this.#assertOpen();
    await this.#camera.setDevice(deviceId);
  }

  async setProcessing(processing: Partial<AudioProcessing>): Promise<void> {
    this.#assertOpen();
    const before = this.#processing;
    this.#processing = { ...before, ...processing };
    try {
      await this.#mic.setConstraints({ ...this.#processing });
    } catch (error) {
      this.#processing = before;
      this.#events.emit('change', undefined);
      throw error;
    }
  }

  async setQuality(quality: SendQuality): Promise<void> {
    this.#assertOpen();
    this.#quality = { ...quality };
    try {
      await this.#camera.setConstraints(cameraConstraints(quality));
    } finally {
      // What is sent is a matter of the connections as well: they follow whatever the camera does.
      this.#events.emit('change', undefined);
    }
  }

  async startScreen(): Promise<void> {
    this.#assertOpen();
    await this.#screen.start();
    if (this.#closed) this.#screen.stop();
  }

  stopScreen(): void {
    this.#screen.stop();
  }

  async refreshDevices(): Promise<void> {
    if (!this.#media) throw insecureContext();
    const found = await this.#media.enumerateDevices();
    // Before the user's permission browsers tell nothing but that there is something: no use in a list.
    const devices = found.filter((device) => device.deviceId !== '');
    if (this.#closed || sameDevices(devices, this.#devices)) return;
    this.#devices = devices;
    this.#events.emit('change', undefined);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#media?.removeEventListener?.('devicechange', this.#handleDeviceChange);
    this.#mic.close();
    this.#camera.close();
    this.#screen.stop();
    this.#meter.close();
    this.#events.clear();
  }

  readonly #handleDeviceChange = () => {
    this.refreshDevices().then(
      () => {
        this.#mic.handleDevices(this.#devices);
        this.#camera.handleDevices(this.#devices);
      },
      () => undefined,
    );
  };

  #refreshQuietly(): void {
    // With the permission just given, the devices' names can be read.
    this.refreshDevices().catch(() => undefined);
  }

  #update(): void {
    const [mic, camera, screen, screenAudio] = [
      this.#mic.track,
      this.#camera.track,
      this.#screen.video,
      this.#screen.audio,
    ];
    this.#tracks = {
      ...(mic ? { mic } : {}),
      ...(camera ? { camera } : {}),
      ...(screen ? { screen } : {}),
      ...(screenAudio ? { screenAudio } : {}),
    };
    this.#state = {
      mic: Boolean(mic),
      camera: Boolean(camera),
      screen: Boolean(screen),
      screenAudio: Boolean(screenAudio),
    };
    const open = this.#mic.openTrack;
    const changed = open !== this.#metered;
    this.#metered = open;
    if (changed && !this.#closed) this.#meter.setTrack(open);
    if (changed || Boolean(mic) !== this.#wasOn) this.#watch.restart(Boolean(mic));
    this.#wasOn = Boolean(mic);
    this.#events.emit('change', undefined);
  }

  #assertOpen(): void {
    if (this.#closed) throw new KaigiError('aborted', 'These devices have been closed.');
  }
}

function sameDevices(a: readonly MediaDeviceInfo[], b: readonly MediaDeviceInfo[]): boolean {
  return (
    a.length === b.length &&
    a.every((device, index) => device.deviceId === b[index]?.deviceId && device.label === b[index].label)
  );
}
