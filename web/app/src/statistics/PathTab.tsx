import type { CandidatePair, ConnectionDiagnostics } from '@kaigi/client';
import { ArrowLeftRight, Server } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { pathWords, type End } from './path-words';
import { formatUnit } from './units';

const states = ['succeeded', 'failed', 'waiting', 'frozen', 'in-progress'] as const;
/** More than that says no more. */
const mostOthers = 40;

/** How each connection goes, in words. */
export function PathTab({
  connections,
  nameOf,
}: {
  connections: readonly ConnectionDiagnostics[];
  nameOf: (connection: string) => string;
}) {
  const { t } = useTranslation('stats');
  if (connections.length === 0) return <p className="stats-empty">{t('path.none')}</p>;
  return connections.map((one) => (
    <Way key={one.connection} diagnostics={one} name={nameOf(one.connection)} />
  ));
}

function Way({ diagnostics, name }: { diagnostics: ConnectionDiagnostics; name: string }) {
  const { t, i18n } = useTranslation('stats');
  const server = diagnostics.connection === 'server';
  const pair = diagnostics.pairs.find(({ selected }) => selected);
  const others = diagnostics.pairs.filter(({ selected }) => !selected).slice(0, mostOthers);
  return (
    <section className="way">
      <h3>
        {server ? <Server aria-hidden="true" /> : <ArrowLeftRight aria-hidden="true" />}
        {server ? t('path.toServer') : t('path.to', { name })}
      </h3>
      <p className="way-words">
        <span>{pair ? <Words pair={pair} server={server} name={name} /> : t('path.searching')}</span>
        {pair?.roundTripMs !== undefined && (
          <span>
            {t('path.roundTrip', { time: formatUnit(pair.roundTripMs, 'milliseconds', i18n.language) })}
          </span>
        )}
      </p>
      {pair && <Ends pair={pair} server={server} />}
      {others.length > 0 && (
        <details className="way-others">
          <summary>{t('path.others', { count: others.length })}</summary>
          <ul>
            {others.map((other, index) => (
              <li key={index}>
                <Ends pair={other} server={server} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Words({ pair, server, name }: { pair: CandidatePair; server: boolean; name: string }) {
  const { t } = useTranslation('stats');
  const { key, protocol, family, from, to } = pathWords(pair, server);
  const values = {
    protocol: family ? `${protocol} (${family})` : protocol,
    name,
    from: t(`path.address.${from.kind}`),
    to: t(`path.address.${to.kind}`),
  };
  return t(`path.${key}`, values);
}

/** The addresses themselves, for those who know them. */
function Ends({ pair, server }: { pair: CandidatePair; server: boolean }) {
  const { t } = useTranslation('stats');
  const { from, to, protocol } = pathWords(pair, server);
  const shown = ({ address }: End) => address ?? t('path.hidden');
  const state = states.find((one) => one === pair.state) ?? 'other';
  const rows: [string, string][] = [
    [t('path.ours'), `${shown(from)} · ${protocol} · ${pair.local.type}`],
    [t('path.theirs'), `${shown(to)} · ${pair.remote.type}`],
    ...(pair.selected ? [] : [[t('path.pairState'), t(`path.state.${state}`)] satisfies [string, string]]),
  ];
  return (
    <dl className="way-ends">
      {rows.map(([term, text]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd dir="ltr">{text}</dd>
        </div>
      ))}
    </dl>
  );
}
