import type { ConnectionTestReport, TestVerdict } from '@kaigi/client';
import {
  CircleCheck,
  CircleX,
  LoaderCircle,
  OctagonPause,
  RotateCw,
  Square,
  TriangleAlert,
} from 'lucide-react';
import { useTranslation } from 'react-i18next';

type Tone = 'running' | 'good' | 'fair' | 'bad' | 'calm';

const tones: Record<TestVerdict, Tone> = {
  udp: 'good',
  tcp: 'fair',
  tls: 'fair',
  poor: 'fair',
  'direct-only': 'fair',
  untested: 'fair',
  none: 'bad',
  forbidden: 'bad',
  unsupported: 'bad',
  'server-unreachable': 'bad',
  'server-gone': 'bad',
  stopped: 'calm',
};

const icons = {
  running: LoaderCircle,
  good: CircleCheck,
  fair: TriangleAlert,
  bad: CircleX,
  calm: OctagonPause,
};

/** The answer in one sentence, and how far the test is. */
export function Result({
  report,
  onStop,
  onAgain,
}: {
  report: ConnectionTestReport | undefined;
  onStop: () => void;
  onAgain: () => void;
}) {
  const { t } = useTranslation('test');
  const verdict = report?.verdict;
  const tone = verdict === undefined ? 'running' : tones[verdict];
  const Icon = icons[tone];
  const percent = Math.round((report?.progress ?? 0) * 100);
  return (
    <section className="test-result" data-tone={tone}>
      <Icon
        aria-hidden="true"
        className={tone === 'running' ? 'test-result-icon spin' : 'test-result-icon'}
      />
      <div role="status" aria-label={t('test.result')} className="test-result-words">
        <strong>{t(`verdict.${verdict ?? 'running'}`)}</strong>
        <p>{t(`verdict.${verdict ?? 'running'}Text`)}</p>
      </div>
      {verdict === undefined && (
        <div
          className="test-progress"
          role="progressbar"
          aria-label={t('test.progress')}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={percent}
        >
          <span style={{ inlineSize: `${String(percent)}%` }} />
        </div>
      )}
      <div className="test-result-actions">
        {/* One button: whoever pressed it keeps the focus. */}
        <button className="button" onClick={verdict === undefined ? onStop : onAgain}>
          {verdict === undefined ? <Square aria-hidden="true" /> : <RotateCw aria-hidden="true" />}
          {t(verdict === undefined ? 'test.stop' : 'test.again')}
        </button>
        {report && <p>{t('test.server', { host: report.host, port: report.port })}</p>}
      </div>
    </section>
  );
}
