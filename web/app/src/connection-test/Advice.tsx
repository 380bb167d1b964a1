import type { ConnectionTestReport } from '@kaigi/client';
import { useTranslation } from 'react-i18next';
import { CopyButton } from './CopyButton';
import { requests } from './report-text';

/** What to ask whom for, in words that can be sent as they are. */
export function Advice({ report }: { report: ConnectionTestReport }) {
  const { t } = useTranslation('test');
  return (
    <section className="test-advice" aria-label={t('advice.label')}>
      {requests(report, t).map(({ addressee, texts }) => (
        <article key={addressee} className="test-request" aria-labelledby={`for-${addressee}`}>
          <h2 id={`for-${addressee}`}>{t(`advice.${addressee}`)}</h2>
          <blockquote>
            {texts.map((text) => (
              <p key={text}>{text}</p>
            ))}
          </blockquote>
          <CopyButton text={texts.join('\n\n')} label={t('test.copy')} />
        </article>
      ))}
    </section>
  );
}
