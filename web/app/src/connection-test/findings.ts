import type { ConnectionTestReport, RelayFindings, TestStep, TestStepId } from '@kaigi/client';
import type { TFunction } from 'i18next';
import { formatBitrate, formatLoss } from '../core/format';

/** The steps as they are shown together. */
export const groups = [
  { group: 'page', steps: ['page', 'devices'] },
  { group: 'server', steps: ['websocket', 'polling'] },
  { group: 'media', steps: ['stun', 'turn-udp', 'turn-tcp', 'turn-tls'] },
  { group: 'relay', steps: ['relay-udp', 'relay-tcp', 'relay-tls'] },
] as const satisfies readonly { group: string; steps: readonly TestStepId[] }[];

export function stepsOf(report: ConnectionTestReport, ids: readonly TestStepId[]): TestStep[] {
  return report.steps.filter(({ id }) => ids.includes(id));
}

const rounded = (milliseconds: number) => ({ milliseconds: Math.max(1, Math.round(milliseconds)) });

/** What a step found out, in one line, or what it would need; the relays' figures have a table of their own. */
export function describeFindings(
  step: TestStep,
  t: TFunction<'test'>,
  shown: (address: string) => string = (address) => address,
): string | undefined {
  if (step.state === 'skipped' && step.problem === undefined && step.id.startsWith('relay-')) {
    const needed = step.id.replace('relay-', 'turn-') as 'turn-udp' | 'turn-tcp' | 'turn-tls';
    return t('found.needs', { step: t(`step.${needed}`) });
  }
  if (!step.findings) return undefined;
  switch (step.id) {
    case 'page':
      if (!step.findings.secure || step.findings.certificate === 'not-trusted') return undefined;
      return t(step.findings.certificate === 'trusted' ? 'found.trusted' : 'found.secure');
    case 'devices': {
      const { microphones, cameras } = step.findings;
      return t('found.devices', { microphones, cameras });
    }
    case 'websocket':
    case 'polling':
      return t('found.answer', rounded(step.findings.roundTripMs));
    case 'stun': {
      const { addresses } = step.findings;
      if (addresses.length === 0) return t('found.ownAddress');
      return t('found.address', { addresses: addresses.map(shown).join(', ') });
    }
    case 'turn-udp':
    case 'turn-tcp':
    case 'turn-tls': {
      const { relays, milliseconds } = step.findings;
      return t('found.relay', { relays: relays.join(', '), ...rounded(milliseconds) });
    }
    default:
      return undefined;
  }
}

/** Name and figure, for a relay's step. */
export function describeRelay(
  findings: RelayFindings,
  t: TFunction<'test'>,
  language: string,
): readonly (readonly [name: string, value: string])[] {
  const { roundTripMs, jitterMs, loss, bitrate, bitrateCapped } = findings;
  const rate = formatBitrate(bitrate, language);
  return [
    [t('found.roundTrip'), t('found.milliseconds', rounded(roundTripMs))],
    [t('found.jitter'), t('found.milliseconds', { milliseconds: Math.round(jitterMs) })],
    [t('found.loss'), formatLoss(loss, language)],
    [t('found.bitrate'), bitrateCapped ? t('found.atLeast', { bitrate: rate }) : rate],
  ];
}

/** Why a step is not OK, in words. */
export function explainProblem(
  report: ConnectionTestReport,
  step: TestStep,
  t: TFunction<'test'>,
  language: string,
): string | undefined {
  const { problem } = step;
  if (problem === undefined) return undefined;
  const index = report.steps.findIndex(({ id }) => id === step.id);
  if (index > 0 && report.steps[index - 1]?.problem === problem) return t('problem.same');
  const tcp = report.steps.some(({ id, state }) => id === 'turn-tcp' && state === 'ok');
  const loss = 'findings' in step && step.findings && 'loss' in step.findings ? step.findings.loss : 0;
  const words = { port: report.port, loss: formatLoss(loss, language) };
  return problem === 'udp-blocked' && tcp
    ? t('problem.udp-blocked-tcp', words)
    : t(`problem.${problem}`, words);
}
