import type { Breakouts, Room } from '@kaigi/client';
import { DoorOpen, Split, Undo2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useCountdown } from '../core/hooks';
import { useBreakouts } from '../core/useSdk';
import { attempt } from '../hosting/words';
import { Banner } from '../meeting/Banners';
import { PopoverButton } from '../ui/PopoverButton';
import { clock, ownTitle } from './plan';

/** Where one is while breakout rooms are open, for how long, and the way to another. */
export function BreakoutBanner({
  room,
  host,
  onManage,
}: {
  room: Room;
  host: boolean;
  onManage: () => void;
}) {
  const { t } = useTranslation('hosting');
  const breakouts = useBreakouts(room);
  const seconds = useCountdown(breakouts.until);
  if (breakouts.rooms.length === 0) return null;
  const title = ownTitle(breakouts);
  return (
    <Banner
      tone="info"
      icon={<Split aria-hidden="true" />}
      title={title === undefined ? t('rooms.areOpen') : t('rooms.youAreIn', { title })}
      text={breakouts.until === undefined ? undefined : t('rooms.left', { clock: clock(seconds) })}
    >
      {host && (
        <button className="button small" onClick={onManage}>
          {t('rooms.manage')}
        </button>
      )}
      {title === undefined ? (
        <JoinRoom room={room} breakouts={breakouts} />
      ) : (
        <button className="button small" onClick={() => attempt(room.goToBreakout(undefined))}>
          <Undo2 aria-hidden="true" />
          {t('rooms.back')}
        </button>
      )}
    </Banner>
  );
}

function JoinRoom({ room, breakouts }: { room: Room; breakouts: Breakouts }) {
  const { t } = useTranslation('hosting');
  return (
    <PopoverButton
      className="button small"
      label={t('rooms.join')}
      content={t('rooms.join')}
      popoverClassName="menu"
    >
      {(close) =>
        breakouts.rooms.map(({ title, people }, index) => (
          <button
            key={index}
            type="button"
            className="menu-item"
            aria-label={t('rooms.joinName', { title, count: people.length })}
            onClick={() => {
              close();
              attempt(room.goToBreakout(index));
            }}
          >
            <DoorOpen aria-hidden="true" />
            <span className="menu-words">{title}</span>
            <span className="panel-count" aria-hidden="true">
              {people.length}
            </span>
          </button>
        ))
      }
    </PopoverButton>
  );
}
