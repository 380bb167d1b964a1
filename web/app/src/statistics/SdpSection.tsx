import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { explain } from './sdp/explain';
import type { SdpLine, SdpSection } from './sdp/parse';

/** So many lines are drawn at once: a description may have thousands. */
const linesAtOnce = 120;

const kinds = ['audio', 'video', 'application'] as const;

/** The session's lines, or those of one media section; drawn when opened. */
export function SdpSectionView({ section, open }: { section: SdpSection; open: boolean }) {
  const { t } = useTranslation('stats');
  const [opened, setOpened] = useState(false);
  const [shown, setShown] = useState(linesAtOnce);
  const { kind, number, media, mid, direction, lines } = section;
  const isOpen = open || opened;
  const word = t(`sdp.kind.${kinds.find((one) => one === media) ?? 'other'}`);
  const details = [
    mid !== undefined && `mid ${mid}`,
    direction && t(`sdp.direction.${direction}`),
    t('sdp.lines', { count: lines.length }),
  ].filter(Boolean);
  const left = lines.length - shown;
  return (
    <section className="sdp-section">
      <h3>
        <button type="button" aria-expanded={isOpen} disabled={open} onClick={() => setOpened(!opened)}>
          <ChevronRight aria-hidden="true" />
          <span>
            {kind === 'session' ? t('sdp.sectionSession') : t('sdp.sectionMedia', { number, kind: word })}
          </span>
          <small>{details.join(' · ')}</small>
        </button>
      </h3>
      {isOpen && (
        <ol className="sdp-lines">
          {lines.slice(0, shown).map((line) => (
            <Line key={line.number} line={line} section={section} />
          ))}
        </ol>
      )}
      {isOpen && left > 0 && (
        <button className="button small" onClick={() => setShown(shown + linesAtOnce)}>
          {t('sdp.more', { count: Math.min(left, linesAtOnce) })}
        </button>
      )}
    </section>
  );
}

function Line({ line, section }: { line: SdpLine; section: SdpSection }) {
  const { t } = useTranslation('stats');
  const explanation = explain(line, section);
  const words = (): string => {
    switch (explanation.about) {
      case 'type':
        return t(`sdp.type.${explanation.name as Exclude<typeof explanation.name, 'm'>}`);
      case 'media': {
        const kind = t(`sdp.kind.${kinds.find((one) => one === explanation.kind) ?? 'other'}`);
        return t('sdp.media', { kind, formats: explanation.formats });
      }
      case 'attribute':
        return t(
          `sdp.a.${explanation.name as Exclude<typeof explanation.name, 'extmap' | 'rtcp-fb' | 'candidate'>}`,
          explanation.values,
        );
      case 'extension':
        return t('sdp.extension', { id: explanation.id, what: t(`sdp.ext.${explanation.name}`) });
      case 'feedback':
        return t(`sdp.fb.${explanation.name}`, { codec: explanation.codec });
      case 'candidate':
        return t(`sdp.cand.${explanation.name}`, explanation.values);
      case 'retransmission':
        return t('sdp.retransmission', explanation.values);
      case 'unknown':
        return t('sdp.unknown');
    }
  };
  return (
    <li data-about={explanation.about}>
      <code dir="ltr">{line.raw}</code>
      <span>
        {words()} {explanation.rfc && <small>{explanation.rfc}</small>}
      </span>
    </li>
  );
}
