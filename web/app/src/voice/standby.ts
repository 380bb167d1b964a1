import type { LocalMedia } from '@kaigi/client';

export type StandbyReason = 'talk-key' | 'muted-hint';

/** The microphone stays open while muted as long as there is a reason for it. */
export function createStandby(
  media: Pick<LocalMedia, 'setMicStandby'>,
): (reason: StandbyReason, wanted: boolean) => void {
  const reasons = new Set<StandbyReason>();
  return (reason, wanted) => {
    if (wanted) reasons.add(reason);
    else reasons.delete(reason);
    media.setMicStandby(reasons.size > 0);
  };
}
