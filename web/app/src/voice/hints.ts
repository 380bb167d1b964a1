/** Nobody wants to be told twice in a minute. */
export const hintPauseMilliseconds = 60_000;

/** When something may be said again that happens all the time. */
export class Pace {
  #last = -Infinity;

  /** May it be said now? Then it counts as said. */
  take(now: number): boolean {
    if (now - this.#last < hintPauseMilliseconds) return false;
    this.#last = now;
    return true;
  }
}

export interface MutedTalk {
  wished: boolean;
  /** Without it the microphone hears the others from the speakers. */
  echoCancellation: boolean;
  /** Another tab of this browser is in the meeting, and it is that one that listens. */
  sameDevice: boolean;
  others: number;
}

/** Is there somebody who should have heard, and was it surely our own voice? */
export function isWorthTelling({ wished, echoCancellation, sameDevice, others }: MutedTalk): boolean {
  return wished && echoCancellation && !sameDevice && others > 0;
}

/** Names of what the system has chosen, not of devices of their own. */
const aliases = ['default', 'communications'];

/** A microphone to try instead of one that is silent: the first that has not been tried. */
export function anotherMicrophone(
  devices: readonly Pick<MediaDeviceInfo, 'kind' | 'deviceId' | 'label'>[],
  current: string | undefined,
  tried: ReadonlySet<string>,
): { deviceId: string; label: string } | undefined {
  const now = devices.find(({ kind, deviceId }) => kind === 'audioinput' && deviceId === current);
  return devices.find(
    ({ kind, deviceId, label }) =>
      kind === 'audioinput' &&
      label !== '' &&
      deviceId !== current &&
      !aliases.includes(deviceId) &&
      !tried.has(deviceId) &&
      // Chromium calls the system's choice "Default - " and the device's own name.
      !now?.label.endsWith(label),
  );
}
