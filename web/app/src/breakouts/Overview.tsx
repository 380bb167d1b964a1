import type { Breakouts, Room } from '@kaigi/client';
import { LogIn, Undo2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useCountdown } from '../core/hooks';
import { attempt } from '../hosting/words';
import { Avatar } from '../ui/Avatar';
import { clock } from './plan';

/** Who is where, while breakout rooms are open. */
export function Overview({
  room,
  breakouts,
  onDone,
}: {
  room: Room;
  breakouts: Breakouts;
  onDone: () => void;
}) {
  const { t } = useTranslation('hosting');
  const seconds = useCountdown(breakouts.until);
  const all = [
    { title: t('rooms.main'), people: breakouts.main, at: undefined },
    ...breakouts.rooms.map(({ title, people }, at) => ({ title, people, at })),
  ];
  return (
    <div className="breakouts">
      <div className="breakout-head">
        {breakouts.until !== undefined && (
          <p className="breakout-clock">{t('rooms.left', { clock: clock(seconds) })}</p>
        )}
        <button
          className="button primary"
          onClick={() => attempt(room.hosting.closeBreakouts().then(onDone))}
        >
          <Undo2 aria-hidden="true" />
          {t('rooms.callBack')}
        </button>
      </div>
      {all.map(({ title, people, at }) => (
        <section key={at ?? 'main'} className="breakout-room" aria-label={title}>
          <header>
            <h3>
              {title} <span className="panel-count">{people.length}</span>
            </h3>
            {at === breakouts.own ? (
              <span className="breakout-here">{t('rooms.here')}</span>
            ) : (
              <button
                className="button small"
                aria-label={t('rooms.visitName', { title })}
                onClick={() => attempt(room.goToBreakout(at).then(onDone))}
              >
                <LogIn aria-hidden="true" />
                {t('rooms.visit')}
              </button>
            )}
          </header>
          {people.length === 0 ? (
            <p className="settings-hint">{t('rooms.empty')}</p>
          ) : (
            <ul className="breakout-people" role="list">
              {people.map(({ id, name }) => (
                <li key={id}>
                  <Avatar name={name} />
                  <span className="person-name">{name}</span>
                  <select
                    className="field"
                    aria-label={t('rooms.placeOf', { name })}
                    value={at ?? ''}
                    onChange={(event) => {
                      const { value } = event.target;
                      attempt(room.hosting.send(id, value === '' ? undefined : Number(value)));
                    }}
                  >
                    {all.map((other) => (
                      <option key={other.at ?? 'main'} value={other.at ?? ''}>
                        {other.title}
                      </option>
                    ))}
                  </select>
                </li>
              ))}
            </ul>
          )}
        </section>
      ))}
    </div>
  );
}
