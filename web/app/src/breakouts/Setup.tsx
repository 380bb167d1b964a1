import { LIMITS, type Room } from '@kaigi/client';
import { Dices, Plus, Split, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useParticipants } from '../core/useSdk';
import { attempt } from '../hosting/words';
import { Avatar } from '../ui/Avatar';
import { spread, titleProblem } from './plan';

const timers = [5, 10, 15, 20, 30, 45, 60] as const;

/** Which rooms there shall be, who goes where, and for how long. */
export function Setup({ room, onOpened }: { room: Room; onOpened: () => void }) {
  const { t } = useTranslation('hosting');
  const people = useParticipants(room).filter(({ mediaOnly }) => !mediaOnly);
  const [titles, setTitles] = useState(() => [1, 2].map((number) => t('rooms.title', { number })));
  const [places, setPlaces] = useState<ReadonlyMap<string, number>>(new Map());
  const [minutes, setMinutes] = useState<number>();
  const bad = titles.some((title) => titleProblem(title, LIMITS.breakoutTitleBytes));

  const remove = (gone: number) => {
    setTitles((all) => all.filter((_, index) => index !== gone));
    setPlaces(
      (all) =>
        new Map(
          [...all].flatMap(([id, at]) => (at === gone ? [] : [[id, at > gone ? at - 1 : at] as const])),
        ),
    );
  };
  const deal = () => {
    const ids = people.filter(({ host }) => !host).map(({ id }) => id);
    setPlaces(new Map(spread(ids, titles.length).map(({ participant, room: at }) => [participant, at])));
  };
  const put = (id: string, at: string) =>
    setPlaces((all) => {
      const next = new Map(all);
      if (at === '') next.delete(id);
      else next.set(id, Number(at));
      return next;
    });
  const open = () => {
    const here = new Set(people.map(({ id }) => id));
    const assigned = [...places].flatMap(([participant, at]) =>
      here.has(participant) ? [{ participant, room: at }] : [],
    );
    attempt(
      room.hosting
        .openBreakouts({ titles, people: assigned, ...(minutes === undefined ? {} : { minutes }) })
        .then(onOpened),
    );
  };

  return (
    <form
      className="breakouts"
      onSubmit={(event) => {
        event.preventDefault();
        if (!bad) open();
      }}
    >
      <p className="invite-text">{t('rooms.lead')}</p>
      <section className="settings-section">
        <h3>{t('rooms.names')}</h3>
        {titles.map((title, index) => (
          <div key={index} className="room-form-row">
            <input
              className="field"
              aria-label={t('rooms.name', { number: index + 1 })}
              aria-invalid={titleProblem(title, LIMITS.breakoutTitleBytes)}
              autoComplete="off"
              value={title}
              onChange={(event) =>
                setTitles((all) => all.map((one, at) => (at === index ? event.target.value : one)))
              }
            />
            <button
              type="button"
              className="icon-button"
              aria-label={t('rooms.delete', { number: index + 1 })}
              title={t('rooms.delete', { number: index + 1 })}
              disabled={titles.length === 1}
              onClick={() => remove(index)}
            >
              <Trash2 aria-hidden="true" />
            </button>
          </div>
        ))}
        {bad && (
          <p className="field-problem" role="alert">
            {t('rooms.badTitle')}
          </p>
        )}
        <button
          type="button"
          className="button small"
          disabled={titles.length >= LIMITS.breakouts}
          onClick={() => setTitles((all) => [...all, t('rooms.title', { number: all.length + 1 })])}
        >
          <Plus aria-hidden="true" />
          {t('rooms.add')}
        </button>
      </section>
      <section className="settings-section">
        <h3>{t('rooms.people')}</h3>
        {people.length === 0 ? (
          <p className="settings-hint">{t('rooms.nobody')}</p>
        ) : (
          <>
            <div className="breakout-deal">
              <button type="button" className="button small" onClick={deal}>
                <Dices aria-hidden="true" />
                {t('rooms.random')}
              </button>
              <button type="button" className="button small" onClick={() => setPlaces(new Map())}>
                {t('rooms.clear')}
              </button>
            </div>
            <ul className="breakout-people" role="list">
              {people.map(({ id, name }) => (
                <li key={id}>
                  <Avatar name={name} />
                  <span className="person-name">{name}</span>
                  <select
                    className="field"
                    aria-label={t('rooms.placeOf', { name })}
                    value={places.get(id) ?? ''}
                    onChange={(event) => put(id, event.target.value)}
                  >
                    <option value="">{t('rooms.stays')}</option>
                    {titles.map((title, index) => (
                      <option key={index} value={index}>
                        {title}
                      </option>
                    ))}
                  </select>
                </li>
              ))}
            </ul>
          </>
        )}
      </section>
      <label className="settings-row">
        <span>{t('rooms.timer')}</span>
        <select
          className="field breakout-timer"
          value={minutes ?? ''}
          onChange={(event) => setMinutes(event.target.value === '' ? undefined : Number(event.target.value))}
        >
          <option value="">{t('rooms.noTimer')}</option>
          {timers.map((count) => (
            <option key={count} value={count}>
              {t('rooms.minutes', { count })}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" className="button primary block" disabled={bad}>
        <Split aria-hidden="true" />
        {t('rooms.open')}
      </button>
    </form>
  );
}
