import type { ConnectionTestReport, TestStep } from '@kaigi/client';
import i18next, { type TFunction } from 'i18next';
import { beforeAll, expect, it } from 'vitest';
import { browserName } from '../src/connection-test/browser-name';
import { describeFindings, explainProblem, groups } from '../src/connection-test/findings';
import { reportText, requests } from '../src/connection-test/report-text';
import en from '../src/connection-test/texts/en';

const step = (id: TestStep['id'], more: object) => ({ id, state: 'ok', progress: 1, ...more }) as TestStep;
const RELAY = { roundTripMs: 24.4, jitterMs: 3, loss: 0.004, bitrate: 38e6, bitrateCapped: true };

const blocked: ConnectionTestReport = {
  host: 'meet.example',
  port: 8443,
  progress: 1,
  verdict: 'tcp',
  advice: ['open-udp', 'trusted-certificate', 'allow-websocket'],
  steps: [
    step('page', { findings: { secure: true, certificate: 'not-trusted' } }),
    step('stun', { state: 'failed', problem: 'udp-blocked' }),
    step('turn-udp', { state: 'failed', problem: 'udp-blocked' }),
    step('turn-tcp', { findings: { relays: ['203.0.113.1:5000'], milliseconds: 31.2 } }),
    step('relay-udp', { state: 'skipped' }),
    step('relay-tcp', { findings: RELAY }),
  ],
};
const open: ConnectionTestReport = {
  ...blocked,
  verdict: 'udp',
  advice: [],
  steps: [step('stun', { findings: { addresses: ['198.51.100.7', '2001:db8::7'] } })],
};

let t: TFunction<'test'>;
const text = (report: ConnectionTestReport, addresses: string[] = []) =>
  reportText(report, { addresses: new Set(addresses), at: new Date(0), t, language: 'en' });

beforeAll(async () => {
  await i18next.init({
    lng: 'en',
    ns: ['test'],
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
    resources: { en: { test: en } },
  });
  t = i18next.getFixedT('en', 'test');
});

it('the groups show every step once', () => {
  const shown = groups.flatMap(({ steps }) => [...steps]);
  expect(new Set(shown).size).toBe(shown.length);
  expect(shown).toHaveLength(11);
});

it('a report tells what was found, why the rest fails, and what to ask for', () => {
  const lines = text(blocked).split('\n');
  expect(lines).toContain('Result: Calls work from here, through the server over TCP.');
  expect(lines).toContain('Server: meet.example, port 8443');
  expect(lines).toContain('Time: 1970-01-01 00:00 UTC');
  expect(lines).toContain(
    '  STUN over UDP: Failed – Your network blocks UDP to port 8443; calls work over TCP, with more delay.',
  );
  expect(lines).toContain('  TURN over UDP: Failed – For the same reason as above.');
  expect(lines).toContain('  TURN over TCP: OK – Relay address 203.0.113.1:5000, after 31 ms');
  expect(lines).toContain('  Relay over UDP: Not tested – Needs TURN over UDP');
  expect(lines).toContain(
    '  Relay over TCP: OK – Round trip 24 ms, Jitter 3 ms, Loss 0.4%, Throughput > 38.0 Mbit/s',
  );
  expect(lines).toContain('For your network’s administrator');
  expect(
    lines.some((line) =>
      line.startsWith('  Please allow outgoing UDP from our network to meet.example, port 8443,'),
    ),
  ).toBe(true);
});

it('a report holds those addresses of the user that were chosen, and no other', () => {
  expect(text(open)).not.toMatch(/198\.51\.100\.7|2001:db8::7/);
  expect(text(open, ['2001:db8::7'])).toContain('(address left out), 2001:db8::7');
  expect(text(open, ['2001:db8::7'])).not.toContain('198.51.100.7');
});

it('without TCP nobody is told that calls work over it', () => {
  const steps = blocked.steps.filter(({ id }) => id !== 'turn-tcp');
  const words = explainProblem({ ...blocked, steps }, steps[1] as TestStep, t, 'en');
  expect(words).toBe('Your network blocks UDP to port 8443 of the server.');
});

it('requests go together by whom they are for', () => {
  expect(requests(blocked, t).map(({ addressee, texts }) => [addressee, texts.length])).toEqual([
    ['network', 2],
    ['operator', 1],
  ]);
});

it('a step that found nothing says nothing', () => {
  expect(describeFindings(step('stun', { state: 'failed' }), t)).toBeUndefined();
  expect(describeFindings(step('stun', { findings: { addresses: [] } }), t)).toMatch(/no NAT/);
});

it.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0', 'Firefox 153, Linux'],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0',
    'Edge 156, Windows',
  ],
  [
    'Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36',
    'Chrome 156, Android',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1',
    'Safari 19, iOS',
  ],
  ['curl/8', '?, ?'],
])('%s is called %s', (userAgent, name) => {
  expect(browserName(userAgent)).toBe(name);
});
