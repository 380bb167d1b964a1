import type { Room } from '@kaigi/client';
import { useTranslation } from 'react-i18next';
import { ownTitle } from '../breakouts/plan';
import { useBreakouts } from '../core/useSdk';

/** What the room is called where one is: the breakout room first, which tells them apart. */
export function useRoomTitle(room: Room): string {
  const { t } = useTranslation();
  const title = ownTitle(useBreakouts(room));
  return title === undefined ? room.name : t('breakout.label', { title, room: room.name });
}
