import type { Room } from '@kaigi/client';
import { Check, UserCheck, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useWaiting } from '../core/useSdk';
import { Avatar } from '../ui/Avatar';
import { attempt } from './words';

/** Who waits in front of the room, above those who are in it. */
export function WaitingList({ room }: { room: Room }) {
  const { t } = useTranslation('hosting');
  const waiting = useWaiting(room);
  if (waiting.length === 0) return null;
  return (
    <section className="waiting-list" aria-label={t('knock.label')}>
      <header>
        <h3>
          {t('knock.label')} <span className="panel-count">{waiting.length}</span>
        </h3>
        {waiting.length > 1 && (
          <button className="button small" onClick={() => attempt(room.hosting.admit())}>
            <UserCheck aria-hidden="true" />
            {t('knock.admitAll')}
          </button>
        )}
      </header>
      <ul role="list" aria-label={t('knock.label')}>
        {waiting.map(({ id, name }) => (
          <li key={id} className="person">
            <Avatar name={name} />
            <span className="person-words">
              <span className="person-name">{name}</span>
            </span>
            <button
              className="icon-button"
              aria-label={t('knock.refuseName', { name })}
              title={t('knock.refuseName', { name })}
              onClick={() => attempt(room.hosting.turnAway(id))}
            >
              <X aria-hidden="true" />
            </button>
            <button
              className="icon-button admit"
              aria-label={t('knock.admitName', { name })}
              title={t('knock.admitName', { name })}
              onClick={() => attempt(room.hosting.admit(id))}
            >
              <Check aria-hidden="true" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
