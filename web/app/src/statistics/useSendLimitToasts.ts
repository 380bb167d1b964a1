import type { Room, SendLimit } from '@kaigi/client';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { showToast } from '../core/toasts';

/** Says once when less of one's own picture is sent than chosen, and why; and when that is over. */
export function useSendLimitToasts(room: Room): void {
  const { t } = useTranslation();
  const said = useRef<SendLimit | undefined>(undefined);
  useEffect(
    () =>
      room.on('send-limit', (limit) => {
        const before = said.current;
        if (!limit) {
          said.current = undefined;
          if (before) showToast({ tone: 'info', title: t('sendLimit.overTitle') });
          return;
        }
        // Each further step of the same trouble is no news, but for the one that takes the picture away.
        if (before?.reason === limit.reason && !(limit.step === 3 && before.step < 3)) return;
        said.current = limit;
        if (limit.reason === 'cpu') {
          showToast({ tone: 'warning', title: t('sendLimit.cpuTitle'), text: t('sendLimit.cpuText') });
        } else {
          const text = t(limit.step === 3 ? 'sendLimit.stopped' : 'sendLimit.smaller');
          showToast({ tone: 'warning', title: t('sendLimit.bandwidthTitle'), text });
        }
      }),
    [room, t],
  );
}
