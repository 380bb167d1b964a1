import type { Room } from '@kaigi/client';
import { Hand, SmilePlus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { usePermissions } from '../core/useSdk';
import { ControlButton } from '../ui/ControlButton';
import { PopoverButton } from '../ui/PopoverButton';
import { ReactionRow } from './ReactionRow';
import { useHand } from './useHand';

/** Hand and reactions in the bar, where that is wide enough. */
export function TogetherControls({ room }: { room: Room }) {
  const { t } = useTranslation();
  const { raised, toggle } = useHand(room);
  const { chat } = usePermissions(room);
  return (
    <span className="control-together">
      <ControlButton
        label={t('hand.raise')}
        tip={raised ? t('hand.lower') : t('hand.raise')}
        shortcut="H"
        pressed={raised}
        look={raised ? 'active' : 'normal'}
        onClick={toggle}
      >
        <Hand aria-hidden="true" />
      </ControlButton>
      {chat && (
        <PopoverButton
          className="control"
          label={t('reaction.button')}
          tip={t('reaction.button')}
          content={<SmilePlus aria-hidden="true" />}
          popoverClassName="reaction-popover"
        >
          {(close) => <ReactionRow room={room} onDone={close} />}
        </PopoverButton>
      )}
    </span>
  );
}

/** The same in the menu, where the bar is narrow. */
export function TogetherItems({ room, close }: { room: Room; close: () => void }) {
  const { t } = useTranslation();
  const { raised, toggle } = useHand(room);
  const { chat } = usePermissions(room);
  return (
    <div className="menu-together">
      {chat && <ReactionRow room={room} onDone={close} />}
      <button
        type="button"
        className="menu-item"
        onClick={() => {
          close();
          toggle();
        }}
      >
        <Hand aria-hidden="true" />
        {raised ? t('hand.lower') : t('hand.raise')}
      </button>
    </div>
  );
}
