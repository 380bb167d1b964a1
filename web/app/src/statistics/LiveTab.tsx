import type { RemoteParticipant, StatsDetail } from '@kaigi/client';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Choice } from './Choice';
import { ownSeries, participantSeries } from './series';
import { Sparkline } from './Sparkline';

const own = 'own';

/** Plots of one's own connection, or of what comes of one of the others. */
export function LiveTab({
  samples,
  participants,
}: {
  samples: readonly StatsDetail[];
  participants: readonly RemoteParticipant[];
}) {
  const { t } = useTranslation('stats');
  const [chosen, setChosen] = useState(own);
  const person = participants.find(({ id }) => id === chosen);
  const subject = person?.id ?? own;
  // New samples are what draws this anew: nothing of it is worth keeping.
  const all = subject === own ? ownSeries(samples) : participantSeries(samples, subject);
  const times = samples.map(({ at }) => at);
  return (
    <>
      <Choice
        label={t('stats.subject')}
        value={subject}
        options={[
          { value: own, label: t('stats.own') },
          ...participants.map(({ id, name }) => ({ value: id, label: t('stats.from', { name }) })),
        ]}
        onChoose={setChosen}
      />
      {all.length === 0 && (
        <p className="stats-empty">{person ? t('stats.emptyOf', { name: person.name }) : t('stats.empty')}</p>
      )}
      <div className="sparks">
        {all.map((series) => (
          <Sparkline key={`${subject} ${series.name}`} series={series} times={times} />
        ))}
        {all.length > 0 && (
          <p className="spark-times" aria-hidden="true">
            <span>{t('stats.ago')}</span>
            <span>{t('stats.now')}</span>
          </p>
        )}
      </div>
    </>
  );
}
