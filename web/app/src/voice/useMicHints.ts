import type { LocalMedia, Room } from '@kaigi/client';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { dismissToast, showToast } from '../core/toasts';
import type { DeviceKind, Devices } from '../core/useDevices';
import type { LocalMediaView } from '../core/useSdk';
import { anotherMicrophone, isWorthTelling, Pace } from './hints';

const mutedHintMilliseconds = 10_000;

export interface MicHints {
  room: Room;
  media: LocalMedia;
  view: LocalMediaView;
  devices: Devices;
  /** Tell who talks while muted. */
  wished: boolean;
  /** The space bar talks. */
  talkKey: boolean;
  onError: (kind: DeviceKind, error: unknown) => void;
}

/** Tells what a person cannot know of their own microphone: that nobody hears them. */
export function useMicHints(options: MicHints): void {
  useMutedHint(options);
  useSilentHint(options);
}

function useMutedHint(options: MicHints): void {
  const { t } = useTranslation('voice');
  const { t: common } = useTranslation();
  const { media, view } = options;
  const [pace] = useState(() => new Pace());
  const shown = useRef<number>(undefined);
  const now = useRef({ ...options, t, common });
  useEffect(() => {
    now.current = { ...options, t, common };
  });

  useEffect(
    () =>
      media.on('muted-speech', () => {
        const { room, wished, talkKey, devices, onError, t, common } = now.current;
        const { echoCancellation } = media.processing;
        const others = room.participants.length;
        if (!isWorthTelling({ wished, echoCancellation, sameDevice: room.sameDevice, others })) return;
        if (!pace.take(performance.now())) return;
        shown.current = showToast(
          {
            tone: 'info',
            title: t('hint.muted'),
            text: t(talkKey ? 'hint.mutedTextKey' : 'hint.mutedText'),
            action: {
              label: common('control.micOn'),
              run: () =>
                void devices.turn('mic', true).then((error) => {
                  if (error !== undefined) onError('mic', error);
                }),
            },
          },
          mutedHintMilliseconds,
        );
      }),
    [media, pace],
  );

  const { mic } = view.state;
  useEffect(() => {
    if (mic && shown.current !== undefined) dismissToast(shown.current);
  }, [mic]);
}

function useSilentHint(options: MicHints): void {
  const { t } = useTranslation('voice');
  const { media, view } = options;
  const tried = useRef(new Set<string>());
  const now = useRef({ ...options, t });
  useEffect(() => {
    now.current = { ...options, t };
  });
  const { micSilent } = view;

  useEffect(() => {
    if (!micSilent) return;
    const { devices, onError, t } = now.current;
    const current = media.micDevice;
    if (current !== undefined) tried.current.add(current);
    const label = media.tracks.mic?.label;
    const other = anotherMicrophone(media.devices, current, tried.current);
    const id = showToast(
      {
        tone: 'warning',
        title: t('hint.silent'),
        text: label ? t('hint.silentText', { label }) : t('hint.silentTextUnnamed'),
        ...(other && {
          action: {
            label: t('hint.useOther', { label: other.label }),
            run: () =>
              void devices.choose('mic', other.deviceId).then((error) => {
                if (error !== undefined) onError('mic', error);
              }),
          },
        }),
      },
      Infinity,
    );
    // Goes away by itself when sound comes, and with the microphone.
    return () => dismissToast(id);
  }, [micSilent, media]);

  const { mic } = view.state;
  useEffect(() => {
    // Turned off and on again: whoever does that may have found the switch.
    if (!mic) tried.current.clear();
  }, [mic]);
}
