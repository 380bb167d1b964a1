import type { Room } from '@kaigi/client';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { usePermissions } from '../core/useSdk';

/** Why something may not be turned on; absent where it may. */
export interface Reasons {
  mic: string | undefined;
  camera: string | undefined;
  screen: string | undefined;
}

export function useReasons(room: Room): Reasons {
  const { t } = useTranslation();
  const { mic, camera, screen } = usePermissions(room);
  return useMemo(
    () => ({
      mic: mic ? undefined : t('allowed.noMic'),
      camera: camera ? undefined : t('allowed.noCamera'),
      screen: screen ? undefined : t('allowed.noScreen'),
    }),
    [mic, camera, screen, t],
  );
}
