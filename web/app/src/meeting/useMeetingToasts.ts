import type { LocalMedia, Room } from '@kaigi/client';
import { useCallback, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { explain } from '../core/errors';
import { useLasting } from '../core/hooks';
import { showToast } from '../core/toasts';
import type { DeviceKind } from '../core/useDevices';
import { useSignaling } from '../core/useSdk';

/** How long signaling may stay on long polling before we say so: the upgrade takes a moment. */
const pollingNoteMilliseconds = 10_000;

/** Says what happens by itself during a meeting; returns what reports a failed device switch. */
export function useMeetingToasts(room: Room, media: LocalMedia): (kind: DeviceKind, error: unknown) => void {
  const { t } = useTranslation();

  useEffect(
    () =>
      media.on('device-lost', ({ kind, label, fallback }) => {
        const title = t(kind === 'mic' ? 'toast.micLost' : 'toast.cameraLost', { label });
        const text =
          fallback === undefined
            ? t(kind === 'mic' ? 'toast.micLostNone' : 'toast.cameraLostNone')
            : t('toast.fallback', { label: fallback });
        showToast({ tone: 'warning', title, text });
      }),
    [media, t],
  );

  useEffect(() => {
    if (!room.sameDevice) return;
    showToast({ tone: 'info', title: t('toast.sameDevice'), text: t('toast.sameDeviceText') }, Infinity);
    // Said once, in the language of that moment.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [room]);

  const signaling = useSignaling(room);
  const polling = signaling.state === 'connected' && signaling.transport === 'polling';
  const staysPolling = useLasting(polling, pollingNoteMilliseconds);
  useEffect(() => {
    if (staysPolling)
      showToast({ tone: 'info', title: t('toast.polling'), text: t('toast.pollingText') }, 10_000);
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [staysPolling]);

  return useCallback(
    (kind, error) => {
      showToast({ tone: 'error', ...explain(error, kind, t) });
    },
    [t],
  );
}
