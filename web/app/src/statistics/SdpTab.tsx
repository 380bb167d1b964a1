import type { ConnectionDiagnostics } from '@kaigi/client';
import { Search } from 'lucide-react';
import { useDeferredValue, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Choice } from './Choice';
import { parseSdp, searchSdp } from './sdp/parse';
import { SdpSectionView } from './SdpSection';

/** What both sides have said of a connection, line by line. */
export function SdpTab({
  connections,
  nameOf,
}: {
  connections: readonly ConnectionDiagnostics[];
  nameOf: (connection: string) => string;
}) {
  const { t, i18n } = useTranslation('stats');
  const [chosen, setChosen] = useState<string>();
  const [side, setSide] = useState<'local' | 'remote'>('local');
  const [words, setWords] = useState('');
  const connection = connections.find((one) => one.connection === chosen) ?? connections[0];
  const sdp = connection?.[side]?.sdp ?? '';
  const sections = useMemo(() => parseSdp(sdp), [sdp]);
  // Typing goes first; a long description is searched when there is time.
  const wanted = useDeferredValue(words);
  const found = useMemo(() => searchSdp(sections, wanted), [sections, wanted]);
  if (!connection || sdp === '') return <p className="stats-empty">{t('sdp.none')}</p>;
  const lines = sections.reduce((sum, section) => sum + section.lines.length, 0);
  return (
    <>
      {connections.length > 1 && (
        <Choice
          label={t('sdp.connection')}
          value={connection.connection}
          options={connections.map(({ connection: value }) => ({
            value,
            label: value === 'server' ? t('sdp.server') : t('sdp.peer', { name: nameOf(value) }),
          }))}
          onChoose={setChosen}
        />
      )}
      <Choice
        label={t('sdp.side')}
        value={side}
        options={(['local', 'remote'] as const).map((value) => ({ value, label: t(`sdp.${value}`) }))}
        onChoose={setSide}
      />
      <label className="sdp-search">
        <Search aria-hidden="true" />
        <input
          type="search"
          className="field"
          placeholder={t('sdp.search')}
          aria-label={t('sdp.search')}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      </label>
      <p className="sdp-size">
        {t('sdp.size', {
          lines: new Intl.NumberFormat(i18n.language).format(lines),
          kilobytes: new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 1 }).format(
            sdp.length / 1000,
          ),
        })}
      </p>
      {found.length === 0 && <p className="stats-empty">{t('sdp.noMatch', { words: wanted.trim() })}</p>}
      {found.map((section) => (
        <SdpSectionView
          key={`${connection.connection} ${side} ${section.number}`}
          section={section}
          open={wanted.trim() !== ''}
        />
      ))}
    </>
  );
}
