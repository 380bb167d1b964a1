import type { ConnectionTestReport, TestAdvice } from '@kaigi/client';
import type { TFunction } from 'i18next';
import { browserName } from './browser-name';
import { describeFindings, describeRelay, explainProblem, groups, stepsOf } from './findings';

/** Who can do what: the network's administrator, whoever runs the server, whoever sets up the browser. */
const addressees = {
  network: ['open-udp', 'allow-tcp', 'exempt-tls', 'allow-websocket'],
  browser: ['allow-udp-in-browser'],
  operator: ['trusted-certificate'],
} as const satisfies Record<string, readonly TestAdvice[]>;

/** What to ask whom for, word for word. */
export function requests(
  { host, port, advice }: ConnectionTestReport,
  t: TFunction<'test'>,
): { addressee: keyof typeof addressees; texts: string[] }[] {
  const words = { host, port, origin: location.origin };
  return (['network', 'browser', 'operator'] as const)
    .map((addressee) => ({
      addressee,
      texts: addressees[addressee]
        .filter((one) => advice.includes(one))
        .map((one) => t(`advice.${one}`, words)),
    }))
    .filter(({ texts }) => texts.length > 0);
}

/** Everything in plain text, with those of the user's addresses that are in `addresses`. */
export function reportText(
  report: ConnectionTestReport,
  {
    addresses,
    at,
    t,
    language,
  }: {
    addresses: ReadonlySet<string>;
    at: Date;
    t: TFunction<'test'>;
    language: string;
  },
): string {
  const { host, port, verdict = 'running' } = report;
  const shown = (address: string) => (addresses.has(address) ? address : t('report.hidden'));
  const lines = [
    `Kaigi · ${t('test.title')}`,
    t('report.verdict', { verdict: t(`verdict.${verdict}`) }),
    t('report.server', { host, port }),
    t('report.browser', { browser: browserName(navigator.userAgent) }),
    t('report.time', { time: `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC` }),
  ];
  for (const { group, steps } of groups) {
    lines.push('', t(`group.${group}`));
    for (const step of stepsOf(report, steps)) {
      const relay = step.findings && 'loss' in step.findings ? step.findings : undefined;
      const figures =
        relay &&
        describeRelay(relay, t, language)
          .map((figure) => figure.join(' '))
          .join(', ');
      const details = [figures, describeFindings(step, t, shown), explainProblem(report, step, t, language)];
      const told = details.filter((detail) => detail !== undefined);
      lines.push(`  ${[`${t(`step.${step.id}`)}: ${t(`state.${step.state}`)}`, ...told].join(' – ')}`);
    }
  }
  for (const { addressee, texts } of requests(report, t)) {
    lines.push('', t(`advice.${addressee}`), ...texts.map((text) => `  ${text}`));
  }
  return `${lines.join('\n')}\n`;
}
