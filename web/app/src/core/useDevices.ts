import type { LocalMedia } from '@kaigi/client';
import { useCallback, useMemo, useRef, useState } from 'react';
import { setChoices } from './preferences';

export type DeviceKind = 'mic' | 'camera';

/** Turning microphone and camera on and off, one step at a time, with what went wrong. */
export interface Devices {
  busy: Readonly<Record<DeviceKind, boolean>>;
  /** The last failure of each; gone once it works or is turned off. */
  errors: Readonly<Partial<Record<DeviceKind, unknown>>>;
  /** Resolves to the error, if there was one; never rejects. */
  turn(kind: DeviceKind, on: boolean): Promise<unknown>;
  choose(kind: DeviceKind, deviceId: string): Promise<unknown>;
}

export function useDevices(media: LocalMedia): Devices {
  const [busy, setBusy] = useState({ mic: false, camera: false });
  const [errors, setErrors] = useState<Partial<Record<DeviceKind, unknown>>>({});
  const pending = useRef({ mic: false, camera: false });

  const run = useCallback(async (kind: DeviceKind, step: () => Promise<void>): Promise<unknown> => {
    // A second press while the device still opens would undo nothing and confuse everybody.
    if (pending.current[kind]) return undefined;
    pending.current[kind] = true;
    setBusy((previous) => ({ ...previous, [kind]: true }));
    try {
      await step();
      setErrors((previous) => ({ ...previous, [kind]: undefined }));
      return undefined;
    } catch (error) {
      setErrors((previous) => ({ ...previous, [kind]: error }));
      return error;
    } finally {
      pending.current[kind] = false;
      setBusy((previous) => ({ ...previous, [kind]: false }));
    }
  }, []);

  const turn = useCallback(
    (kind: DeviceKind, on: boolean) => {
      setChoices(kind === 'mic' ? { mic: on } : { camera: on });
      return run(kind, () => (kind === 'mic' ? media.setMic(on) : media.setCamera(on)));
    },
    [media, run],
  );
  const choose = useCallback(
    async (kind: DeviceKind, deviceId: string) => {
      const error = await run(kind, () =>
        kind === 'mic' ? media.setMicDevice(deviceId) : media.setCameraDevice(deviceId),
      );
      if (error === undefined)
        setChoices(kind === 'mic' ? { micDevice: deviceId } : { cameraDevice: deviceId });
      return error;
    },
    [media, run],
  );
  return useMemo(() => ({ busy, errors, turn, choose }), [busy, errors, turn, choose]);
}
