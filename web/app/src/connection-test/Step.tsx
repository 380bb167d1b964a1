import type { ConnectionTestReport, TestStep } from '@kaigi/client';
import { Check, CircleDashed, LoaderCircle, Minus, TriangleAlert, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { thisBrowser } from '../core/browser';
import { DeviceCheck } from './DeviceCheck';
import { describeFindings, describeRelay, explainProblem } from './findings';

const icons = {
  waiting: CircleDashed,
  running: LoaderCircle,
  ok: Check,
  warning: TriangleAlert,
  failed: X,
  skipped: Minus,
};

/** One step: what it is for until it has found something, then that, and what is wrong. */
export function Step({ report, step }: { report: ConnectionTestReport; step: TestStep }) {
  const { t, i18n } = useTranslation('test');
  const { t: common } = useTranslation();
  const { id, state } = step;
  const Icon = icons[state];
  const problem = explainProblem(report, step, t, i18n.language);
  const relay = step.findings && 'loss' in step.findings ? step.findings : undefined;
  const found = describeFindings(step, t);
  return (
    <li>
      <div className="test-step" data-state={state} role="group" aria-label={t(`step.${id}`)}>
        <span className="test-step-icon">
          <Icon aria-hidden="true" className={state === 'running' ? 'spin' : undefined} />
        </span>
        <div className="test-step-words">
          <h3>{t(`step.${id}`)}</h3>
          {relay ? (
            <dl className="test-figures">
              {describeRelay(relay, t, i18n.language).map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          ) : (
            <p>{found ?? t(`what.${id}`)}</p>
          )}
          {problem !== undefined && <p className="test-problem">{problem}</p>}
          {step.problem === 'devices-denied' && (
            <p className="test-problem">{common(`permission.${thisBrowser()}`)}</p>
          )}
          {id === 'devices' && report.verdict !== undefined && <DeviceCheck />}
        </div>
        <span className="test-step-state">{t(`state.${state}`)}</span>
        {state === 'running' && (
          <span
            className="test-step-bar"
            style={{ inlineSize: `${String(Math.round(step.progress * 100))}%` }}
          />
        )}
      </div>
    </li>
  );
}
