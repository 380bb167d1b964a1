import type { Outcome } from './board';
import type { DeviceFindings } from './types';

/** What of the browser is asked; tests bring their own. */
export interface DeviceSources {
  mediaDevices: Pick<MediaDevices, 'enumerateDevices'> | undefined;
  permissions: Pick<Permissions, 'query'> | undefined;
}

/** What devices there are and whether they may be used, without a question to the user. */
export async function testDevices({ mediaDevices, permissions }: DeviceSources): Promise<Outcome<DeviceFindings>> {
  if (!mediaDevices) return { state: 'skipped', problem: 'insecure-page' };
  const devices = await mediaDevices.enumerateDevices().catch(() => []);
  const count = (kind: MediaDeviceKind) => devices.filter((device) => device.kind === kind).length;
  const findings: DeviceFindings = {
    microphones: count('audioinput'),
    cameras: count('videoinput'),
    microphoneAccess: await access(permissions, 'microphone'),
    cameraAccess: await access(permissions, 'camera'),
  };
  return { ...judgeDevices(findings), findings };
}

export function judgeDevices(findings: DeviceFindings): Outcome<DeviceFindings> {
  const { microphones, cameras, microphoneAccess, cameraAccess } = findings;
  if (microphoneAccess === 'denied' || cameraAccess === 'denied') {
    return { state: 'warning', problem: 'devices-denied' };
  }
  if (microphones === 0 && cameras === 0) return { state: 'warning', problem: 'no-devices' };
  if (microphones === 0) return { state: 'warning', problem: 'no-microphone' };
  if (cameras === 0) return { state: 'warning', problem: 'no-camera' };
  return { state: 'ok' };
}

async function access(
  permissions: DeviceSources['permissions'],
  name: 'microphone' | 'camera',
): Promise<PermissionState | 'unknown'> {
  try {
    return (await permissions?.query({ name: name as PermissionName }))?.state ?? 'unknown';
  } catch {
    return 'unknown'; // not every browser knows these two names
  }
}
