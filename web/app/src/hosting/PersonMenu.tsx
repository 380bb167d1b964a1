import type { RemoteParticipant, Room } from '@kaigi/client';
import {
  Crown,
  EllipsisVertical,
  Hand,
  MicOff,
  MonitorX,
  UserMinus,
  VideoOff,
  type LucideIcon,
} from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { PopoverButton } from '../ui/PopoverButton';
import { actionsFor, type PersonAction } from './person-actions';
import { attempt } from './words';

const icons: Record<PersonAction, LucideIcon> = {
  mute: MicOff,
  cameraOff: VideoOff,
  stopScreen: MonitorX,
  lowerHand: Hand,
  makeHost: Crown,
  takeHost: Crown,
  remove: UserMinus,
};

/** What a host can do with one person. */
export function PersonMenu({
  room,
  person,
  onRemove,
}: {
  room: Room;
  person: RemoteParticipant;
  onRemove: (person: RemoteParticipant) => void;
}) {
  const { t } = useTranslation('hosting');
  const { hosting } = room;
  const run = (action: PersonAction) => {
    switch (action) {
      case 'mute':
        return attempt(hosting.mute('mic', person.id));
      case 'cameraOff':
        return attempt(hosting.mute('camera', person.id));
      case 'stopScreen':
        return attempt(hosting.mute('screen', person.id));
      case 'lowerHand':
        return attempt(hosting.lowerHand(person.id));
      case 'makeHost':
      case 'takeHost':
        return attempt(hosting.setRole(person.id, action === 'makeHost'));
      case 'remove':
        return onRemove(person);
    }
  };
  return (
    <PopoverButton
      className="icon-button person-menu"
      label={t('people.actions', { name: person.name })}
      content={<EllipsisVertical aria-hidden="true" />}
      popoverClassName="menu"
    >
      {(close) =>
        actionsFor(person).map((action) => {
          const Icon = icons[action];
          return (
            <button
              key={action}
              type="button"
              className={action === 'remove' ? 'menu-item danger' : 'menu-item'}
              onClick={() => {
                close();
                run(action);
              }}
            >
              <Icon aria-hidden="true" />
              {t(`person.${action}`)}
            </button>
          );
        })
      }
    </PopoverButton>
  );
}
