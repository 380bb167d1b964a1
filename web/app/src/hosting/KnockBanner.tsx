import type { Room } from '@kaigi/client';
import { DoorOpen, UserCheck } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useWaiting } from '../core/useSdk';
import { Banner } from '../meeting/Banners';
import { KnockPace, playKnock } from './knock';
import { firstNames } from './people';
import { attempt } from './words';

/** Who waits in front of the room, for hosts: to see, to hear and to answer. */
export function KnockBanner({ room, onShow }: { room: Room; onShow: (() => void) | undefined }) {
  const { t, i18n } = useTranslation('hosting');
  const waiting = useWaiting(room);
  const [pace] = useState(() => new KnockPace());
  useEffect(() => {
    if (pace.take(waiting, performance.now())) playKnock().catch(() => undefined);
  }, [waiting, pace]);
  const [first] = waiting;
  if (!first) return null;
  const { names, more } = firstNames(waiting);
  const list = names.join(i18n.language === 'zh-CN' ? '、' : ', ');
  const title =
    more > 0
      ? t('knock.more', { names: list, number: more })
      : t('knock.names', { names: list, count: names.length });
  return (
    <Banner tone="info" live icon={<DoorOpen aria-hidden="true" />} title={title}>
      {waiting.length === 1 ? (
        <>
          <button className="button small" onClick={() => attempt(room.hosting.turnAway(first.id))}>
            {t('knock.refuse')}
          </button>
          <button className="button small primary" onClick={() => attempt(room.hosting.admit(first.id))}>
            <UserCheck aria-hidden="true" />
            {t('knock.admit')}
          </button>
        </>
      ) : (
        <>
          {onShow && (
            <button className="button small" onClick={onShow}>
              {t('knock.show')}
            </button>
          )}
          <button className="button small primary" onClick={() => attempt(room.hosting.admit())}>
            <UserCheck aria-hidden="true" />
            {t('knock.admitAll')}
          </button>
        </>
      )}
    </Banner>
  );
}
