import type { MediaDevicesLike } from '../../src/capture';

let tracks = 0;

export class FakeTrack extends EventTarget {
  readyState: MediaStreamTrackState = 'live';
  contentHint = '';
  readonly id = `track ${++tracks}`;
  /** What was asked of it since it was opened. */
  applied: MediaTrackConstraints | undefined;
  constructor(
    readonly kind: 'audio' | 'video',
    readonly label: string,
    readonly deviceId: string,
  ) {
    super();
  }
  getSettings(): MediaTrackSettings {
    return { deviceId: this.deviceId };
  }
  async applyConstraints(constraints: MediaTrackConstraints): Promise<void> {
    this.applied = constraints;
  }
  stop(): void {
    this.readyState = 'ended';
  }
  /** The device goes away. */
  end(): void {
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }
}

/** Microphones and cameras that can be plugged in and out. */
export class FakeMediaDevices extends EventTarget {
  devices = [
    { kind: 'audioinput', deviceId: 'mic-1', label: 'Mic 1' },
    { kind: 'audioinput', deviceId: 'mic-2', label: 'Mic 2' },
    { kind: 'videoinput', deviceId: 'cam-1', label: 'Cam 1' },
  ];
  readonly opened: FakeTrack[] = [];
  readonly asked: MediaStreamConstraints[] = [];
  /** Thrown at each request while set. */
  failure: Error | undefined;
  /** While set, requests wait for it. */
  gate: Promise<void> | undefined;
  display: (() => FakeTrack[]) | undefined;

  get live(): FakeTrack[] {
    return this.opened.filter((track) => track.readyState === 'live');
  }

  async getUserMedia(constraints: MediaStreamConstraints = {}): Promise<MediaStream> {
    this.asked.push(constraints);
    await this.gate;
    if (this.failure) throw this.failure;
    const tracks: FakeTrack[] = [];
    if (constraints.audio) tracks.push(this.#open('audio', constraints.audio));
    if (constraints.video) tracks.push(this.#open('video', constraints.video));
    this.opened.push(...tracks);
    return stream(tracks);
  }

  async getDisplayMedia(): Promise<MediaStream> {
    if (!this.display) throw new DOMException('Permission denied', 'NotAllowedError');
    return stream(this.display());
  }

  async enumerateDevices(): Promise<MediaDeviceInfo[]> {
    return this.devices as unknown as MediaDeviceInfo[];
  }

  unplug(deviceId: string): void {
    this.devices = this.devices.filter((device) => device.deviceId !== deviceId);
    for (const track of this.live) if (track.deviceId === deviceId) track.end();
    this.dispatchEvent(new Event('devicechange'));
  }

  asReal(): MediaDevicesLike {
    return this as unknown as MediaDevicesLike;
  }

  #open(kind: 'audio' | 'video', constraints: true | MediaTrackConstraints): FakeTrack {
    const wanted =
      constraints === true ? undefined : (constraints.deviceId as { exact: string } | undefined)?.exact;
    const ofKind = this.devices.filter((device) => device.kind === `${kind}input`);
    if (ofKind.length === 0) throw new DOMException('Requested device not found', 'NotFoundError');
    const device = wanted === undefined ? ofKind[0] : ofKind.find(({ deviceId }) => deviceId === wanted);
    if (!device) throw new DOMException('', 'OverconstrainedError');
    return new FakeTrack(kind, device.label, device.deviceId);
  }
}

function stream(tracks: FakeTrack[]): MediaStream {
  return {
    getAudioTracks: () => tracks.filter((track) => track.kind === 'audio'),
    getVideoTracks: () => tracks.filter((track) => track.kind === 'video'),
  } as unknown as MediaStream;
}
