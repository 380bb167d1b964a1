import type { LocalMedia, Room } from '@kaigi/client';
import { Mic } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useChoices } from '../core/preferences';
import type { DeviceKind, Devices } from '../core/useDevices';
import type { LocalMediaView } from '../core/useSdk';
import { createStandby } from './standby';
import { useMicHints } from './useMicHints';
import { usePushToTalk } from './usePushToTalk';
import './texts';
import './voice.css';

/** What the microphone does besides its button: talks while a key is held, and tells when nobody hears. */
export default function Voice({
  room,
  media,
  view,
  devices,
  onDeviceError,
}: {
  room: Room;
  media: LocalMedia;
  view: LocalMediaView;
  devices: Devices;
  onDeviceError: (kind: DeviceKind, error: unknown) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation('voice');
  const { pushToTalk = true, mutedHint = true } = useChoices();
  const [standby] = useState(() => createStandby(media));
  const keepOpen = useCallback((keep: boolean) => standby('talk-key', keep), [standby]);
  const onTalkError = useCallback((error: unknown) => onDeviceError('mic', error), [onDeviceError]);
  const holding = usePushToTalk(media, pushToTalk, keepOpen, onTalkError);

  // Two tabs of one browser hear the same voice: the one that is muted for that must not complain of it.
  const listens = mutedHint && !room.sameDevice;
  useEffect(() => {
    standby('muted-hint', listens);
    return () => standby('muted-hint', false);
  }, [standby, listens]);
  useMicHints({
    room,
    media,
    view,
    devices,
    wished: mutedHint,
    talkKey: pushToTalk && matchMedia('(hover: hover)').matches,
    onError: onDeviceError,
  });

  const { mic } = view.state;
  return (
    <div className="talk" role="status" aria-label={t('talk.label')}>
      {holding && (
        <p className="talk-pill" data-live={mic}>
          <Mic aria-hidden="true" />
          {t(mic ? 'talk.live' : 'talk.opening')}
        </p>
      )}
    </div>
  );
}
