import type { DeviceKind } from './capture';
import { Emitter } from './emitter';
import { fromMediaError } from './errors';
import type { KaigiError } from './types';

export interface DeviceTrackEvents {
  /** `track` or `deviceId` changed. */
  change: undefined;
  /** The device in use went away; `fallback` is the label of the one now used. */
  lost: { label: string; fallback?: string };
}

export interface DeviceTrackOptions {
  kind: DeviceKind;
  open: (constraints: MediaTrackConstraints) => Promise<MediaStreamTrack>;
  constraints: MediaTrackConstraints;
  /** Other constraints can be applied to the open device. */
  adjustable?: boolean;
  deviceId?: string | undefined;
}

interface Wanted {
  on: boolean;
  /** When turned off, the device stays open: nothing of it is sent, and turning it on takes no time. */
  standby: boolean;
  deviceId: string | undefined;
  /** The user named this very device just now: another one instead would be a surprise. */
  strict: boolean;
  constraints: MediaTrackConstraints;
}

interface Waiter {
  resolve: () => void;
  reject: (error: KaigiError) => void;
}

/**
 * The microphone or the camera: what is wanted of it, and what is. One operation runs at a time; whatever
 * is asked meanwhile only changes what is wanted, so any sequence ends in what was asked last.
 */
export class DeviceTrack extends Emitter<DeviceTrackEvents> {
  readonly #kind: DeviceKind;
  readonly #open: DeviceTrackOptions['open'];
  readonly #adjustable: boolean;
  #wanted: Wanted;
  #applied: Wanted;
  #track: MediaStreamTrack | undefined;
  #waiters: Waiter[] = [];
  #running = false;

  constructor({ kind, open, constraints, adjustable = false, deviceId }: DeviceTrackOptions) {
    super();
    this.#kind = kind;
    this.#open = open;
    this.#adjustable = adjustable;
    this.#wanted = this.#applied = { on: false, standby: false, deviceId, strict: false, constraints };
  }

  /** The live track; absent while the device is off. */
  get track(): MediaStreamTrack | undefined {
    return this.#applied.on ? this.#track : undefined;
  }

  /** The live track, also while the device is off and on standby. */
  get openTrack(): MediaStreamTrack | undefined {
    return this.#track;
  }

  /** The device in use, or else the one that would be used. */
  get deviceId(): string | undefined {
    return this.#track?.getSettings().deviceId ?? this.#applied.deviceId;
  }

  setOn(on: boolean): Promise<void> {
    return this.#want({ on, strict: false });
  }

  /** Standby never opens a device; ending it while the device is off releases it. */
  setStandby(standby: boolean): Promise<void> {
    return this.#want({ standby, strict: false });
  }

  setDevice(deviceId: string): Promise<void> {
    return this.#want({ deviceId, strict: true });
  }

  setConstraints(constraints: MediaTrackConstraints): Promise<void> {
    return this.#want({ constraints, strict: false });
  }

  /** Releases the device. */
  close(): void {
    this.#want({ on: false, standby: false, strict: false }).catch(() => undefined);
  }

  /** The list of devices has changed: not every browser ends the track of one that was unplugged. */
  handleDevices(devices: readonly MediaDeviceInfo[]): void {
    const id = this.#track?.getSettings().deviceId;
    const kind = this.#kind === 'mic' ? 'audioinput' : 'videoinput';
    const ids = devices.filter((device) => device.kind === kind && device.deviceId).map((d) => d.deviceId);
    if (id && ids.length > 0 && !ids.includes(id)) this.#handleEnded(this.#track);
  }

  #want(change: Partial<Wanted>): Promise<void> {
    this.#wanted = { ...this.#wanted, ...change };
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    let failure: KaigiError | undefined;
    while (this.#wanted !== this.#applied) {
      const target = this.#wanted;
      try {
        // Turning off takes no await, so that the device is free when `setOn(false)` returns.
        if (!target.on && !(target.standby && this.#track)) this.#replace(undefined);
        else if (this.#needsOpening(target) && !(await this.#adjust(target))) await this.#reopen(target);
        // Turned off while it opened: it is not on even for a moment.
        this.#applied = target.on && !this.#wanted.on ? { ...target, on: false } : target;
        failure = undefined;
        this.emit('change', undefined);
      } catch (error) {
        failure = fromMediaError(error, this.#kind === 'mic' ? 'microphone' : 'camera');
        // What was asked meanwhile is tried on its own; else all stays as it was.
        if (this.#wanted === target)
          this.#wanted = this.#applied = {
            ...this.#applied,
            on: this.#applied.on && Boolean(this.#track),
            standby: target.standby,
          };
      }
    }
    this.#running = false;
    for (const { resolve, reject } of this.#waiters.splice(0)) {
      if (failure) reject(failure);
      else resolve();
    }
  }

  #needsOpening(target: Wanted): boolean {
    const { deviceId, constraints } = this.#applied;
    return !this.#track || target.deviceId !== deviceId || target.constraints !== constraints;
  }

  /** Without an interruption, where the device is the same. False if it has to be opened anew. */
  async #adjust({ deviceId, constraints }: Wanted): Promise<boolean> {
    if (!this.#adjustable || !this.#track || deviceId !== this.#applied.deviceId) return false;
    try {
      await this.#track.applyConstraints(constraints);
      return true;
    } catch {
      return false;
    }
  }

  async #reopen(target: Wanted): Promise<void> {
    let track: MediaStreamTrack;
    try {
      track = await this.#openFor(target);
    } catch (error) {
      // Some systems lend a camera only once: give the old one back and ask again.
      if (!this.#track || fromMediaError(error, 'camera').code !== 'device-busy') throw error;
      this.#replace(undefined);
      try {
        track = await this.#openFor(target);
      } catch (second) {
        const old = await this.#openFor(this.#applied).catch(() => undefined);
        this.#replace(old);
        this.emit('change', undefined);
        throw second;
      }
    }
    if (this.#wanted.on || this.#wanted.standby) this.#replace(track);
    else track.stop(); // turned off while the device was opening
  }

  async #openFor({ deviceId, strict, constraints }: Wanted): Promise<MediaStreamTrack> {
    if (!deviceId) return this.#open(constraints);
    try {
      return await this.#open({ ...constraints, deviceId: { exact: deviceId } });
    } catch (error) {
      if (strict || fromMediaError(error, 'camera').code !== 'device-not-found') throw error;
      return this.#open(constraints);
    }
  }

  #replace(track: MediaStreamTrack | undefined): void {
    const old = this.#track;
    this.#track = track;
    track?.addEventListener('ended', () => this.#handleEnded(track), { once: true });
    old?.stop(); // fires no `ended`
  }

  #handleEnded(track: MediaStreamTrack | undefined): void {
    if (!track || track !== this.#track) return;
    const { label } = track;
    this.#replace(undefined);
    this.#applied = { ...this.#applied, on: false };
    this.emit('change', undefined);
    // On standby: what is not in use is not missed. The next one is opened when it is turned on.
    if (!this.#wanted.on) {
      this.#want({ deviceId: undefined, strict: false }).catch(() => undefined);
      return;
    }
    const report = () => {
      const fallback = this.#track?.label;
      this.emit('lost', { label, ...(fallback === undefined ? {} : { fallback }) });
    };
    this.#want({ deviceId: undefined, strict: false }).then(report, report);
  }
}
