import type { ConnectionTestReport } from '@kaigi/client';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from './CopyButton';
import { reportText } from './report-text';

/** The whole test as text, to send to whoever helps. */
export function Report({ report, endedAt }: { report: ConnectionTestReport; endedAt: Date }) {
  const { t, i18n } = useTranslation('test');
  const [addresses, setAddresses] = useState<ReadonlySet<string>>(new Set());
  const own = report.steps.flatMap((step) =>
    step.id === 'stun' && step.findings ? step.findings.addresses : [],
  );
  const text = reportText(report, { addresses, at: endedAt, t, language: i18n.language });
  const choose = (address: string, chosen: boolean) =>
    setAddresses((before) => {
      const after = new Set(before);
      if (chosen) after.add(address);
      else after.delete(address);
      return after;
    });
  return (
    <section className="test-report">
      <h2>{t('report.title')}</h2>
      <p>{t('report.text')}</p>
      {own.map((address) => (
        <label key={address} className="test-choice">
          <input
            type="checkbox"
            checked={addresses.has(address)}
            onChange={(event) => choose(address, event.target.checked)}
          />
          {t('report.include', { address })}
        </label>
      ))}
      <textarea
        className="field"
        aria-label={t('report.title')}
        readOnly
        rows={7}
        value={text}
        onFocus={(event) => event.target.select()}
      />
      <CopyButton primary text={text} label={t('report.copy')} />
    </section>
  );
}
