import '../styles/connection-test.css';
import './texts';
import type { ConnectionTestReport } from '@kaigi/client';
import { useTranslation } from 'react-i18next';
import { useTitle } from '../core/hooks';
import { PageHeader } from '../ui/PageHeader';
import { Advice } from './Advice';
import { groups, stepsOf } from './findings';
import { Report } from './Report';
import { Result } from './Result';
import { Step } from './Step';
import { useConnectionTest } from './useConnectionTest';

/** `/test`: what works from here, why the rest does not, and whom to ask for what. */
export default function ConnectionTest() {
  const { t } = useTranslation('test');
  const { t: common } = useTranslation();
  const { report, endedAt, stop, again } = useConnectionTest();
  useTitle(common('title.room', { room: t('test.title') }));
  return (
    <div className="page">
      <PageHeader />
      <main className="test">
        <div className="test-head">
          <h1>{t('test.title')}</h1>
          <p>{t('test.lead')}</p>
        </div>
        <div className="test-answer">
          <Result report={report} onStop={stop} onAgain={again} />
          {report && report.advice.length > 0 && <Advice report={report} />}
        </div>
        {report && <Steps report={report} />}
        {report?.verdict !== undefined && endedAt && <Report report={report} endedAt={endedAt} />}
      </main>
    </div>
  );
}

function Steps({ report }: { report: ConnectionTestReport }) {
  const { t } = useTranslation('test');
  return (
    <div className="test-groups">
      {groups.map(({ group, steps }) => (
        <section key={group} className="test-group">
          <h2 id={`group-${group}`}>{t(`group.${group}`)}</h2>
          <ul role="list" aria-labelledby={`group-${group}`}>
            {stepsOf(report, steps).map((step) => (
              <Step key={step.id} report={report} step={step} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
