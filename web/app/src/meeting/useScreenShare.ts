import type { LocalMedia } from '@kaigi/client';
import { useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { errorCode, explain } from '../core/errors';
import { showToast } from '../core/toasts';

export interface ScreenShare {
  busy: boolean;
  toggle: () => void;
}

export function useScreenShare(media: LocalMedia): ScreenShare {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const toggle = useCallback(() => {
    if (media.state.screen) {
      media.stopScreen();
      return;
    }
    setBusy(true);
    media
      .startScreen()
      .catch((error: unknown) => {
        // Who closes the browser's picker knows that nothing is shared.
        if (errorCode(error) === 'screen-share-cancelled') return;
        showToast({ tone: 'error', ...explain(error, 'screen', t) });
      })
      .finally(() => setBusy(false));
  }, [media, t]);
  return useMemo(() => ({ busy, toggle }), [busy, toggle]);
}
