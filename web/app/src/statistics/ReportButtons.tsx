import type { Room } from '@kaigi/client';
import { Check, Copy, Download } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { currentChoices } from '../core/preferences';
import { showToast } from '../core/toasts';
import type { StatsHistory } from './history';
import { describeBrowser, download, makeReport, reportName } from './report';

const copiedMilliseconds = 2500;

/** Everything in one file, for those who look into a fault. */
export function ReportButtons({ room, history }: { room: Room; history: StatsHistory }) {
  const { t } = useTranslation('stats');
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), copiedMilliseconds);
    return () => clearTimeout(timer);
  }, [copied]);
  const make = async () => {
    const report = makeReport(
      room,
      await room.diagnostics(),
      history.get(),
      currentChoices(),
      describeBrowser(),
    );
    return { name: reportName(report.madeAt), text: JSON.stringify(report, null, 1) };
  };
  const copy = () =>
    make()
      .then(({ text }) => navigator.clipboard.writeText(text))
      .then(
        () => setCopied(true),
        () => showToast({ tone: 'error', title: t('report.failedTitle'), text: t('report.failedText') }),
      );
  return (
    <footer className="stats-report">
      <p>{t('report.text')}</p>
      <div>
        <button
          className="button small"
          onClick={() => void make().then(({ name, text }) => download(name, text))}
        >
          <Download aria-hidden="true" />
          {t('report.download')}
        </button>
        <button className="button small" onClick={() => void copy()}>
          {copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
          <span aria-live="polite">{copied ? t('report.copied') : t('report.copy')}</span>
        </button>
      </div>
    </footer>
  );
}
