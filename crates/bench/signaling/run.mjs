// make bench-signaling: what signaling costs, Kaigi beside a Socket.IO server on Node.js (docs/benchmarks.md).
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { connections, crowd, House } from './measure.mjs';
import { KINDS, pinLoad, Server } from './servers.mjs';

const { values } = parseArgs({
  options: { kaigi: { type: 'string' }, record: { type: 'string' }, quick: { type: 'boolean' }, only: { type: 'string' } },
});
const binary = values.kaigi ?? new URL('../../../target/release/kaigi', import.meta.url).pathname;
const [IDLE, TALKING, CROWD] = values.quick ? [500, 200, 200] : [2_000, 1_000, 1_000];
const [REPETITIONS, SECONDS, CROWD_SECONDS] = values.quick ? [1, 3, 2] : [3, 6, 10];
const PARTS = { connections: measureConnections, messages: measureMessages, crowd: measureCrowd };
/** Of Node's processor time for a message; bytes of an idle connection. */
const [MESSAGE_AIM, IDLE_AIM] = [0.75, 20_000];
const [BEGIN, END] = ['<!-- bench-signaling -->', '<!-- /bench-signaling -->'];

const aim = (met, words) => `${met ? 'met' : 'missed'}: ${words}`;
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

async function measureConnections() {
  const rows = [];
  for (const tls of [false, true]) {
    for (const kind of KINDS) {
      const server = await Server.start(kind, binary, { tls });
      const found = await connections(server, IDLE);
      await server.stop();
      const judged = kind === 'kaigi' && !tls ? ` (${aim(found.idleBytes <= IDLE_AIM, `≤ ${IDLE_AIM / 1_000} kB`)})` : '';
      rows.push([
        kind, tls ? 'yes' : 'no', found.openMicroseconds.toFixed(0), found.joinMicroseconds.toFixed(0), found.idleMicrosecondsPerSecond.toFixed(1),
        `${(found.idleBytes / 1_000).toFixed(1)}${judged}`, (found.joinedBytes / 1_000).toFixed(1),
      ]);
    }
  }
  const head = ['server', 'TLS', 'µs to open', 'µs to join', 'µs a second when idle', 'kB when idle', 'kB when joined'];
  return `Processor time and memory of a connection, ${IDLE} of them\n\n${table(head, rows)}`;
}

async function measureMessages() {
  const servers = [];
  for (const kind of KINDS) servers.push(await Server.start(kind, binary));
  const houses = [];
  for (const server of servers) houses.push(await House.open(server, TALKING));
  const rows = [];
  for (const [how, perSecond] of [['to one', 4_000], ['to all', 1_000]]) {
    const found = KINDS.map(() => []);
    for (const house of houses) await house.messages(how, perSecond * TALKING / 1_000, 1);
    for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
      for (const [index, house] of houses.entries()) found[index].push(await house.messages(how, perSecond * TALKING / 1_000, SECONDS));
    }
    const costs = found.map((runs) => median(runs.map(({ nanoseconds }) => nanoseconds)));
    const ratio = costs[0] / costs[1];
    const cell = (index) => {
      const all = found[index].map(({ nanoseconds }) => nanoseconds);
      return `${costs[index].toFixed(0)} (${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)})`;
    };
    const delay = (index) => ['p50', 'p99'].map((part) => median(found[index].map((run) => run[part])).toFixed(2)).join(' / ');
    rows.push([how, found[0][0].perSecond.toFixed(0), cell(0), cell(1), `${ratio.toFixed(2)} (${aim(ratio <= MESSAGE_AIM, `≤ ${MESSAGE_AIM}`)})`, delay(0), delay(1)]);
  }
  for (const house of houses) house.close();
  for (const server of servers) await server.stop();
  const head = ['messages', 'delivered a second', 'kaigi, ns', 'node, ns', 'kaigi ÷ node', 'kaigi p50 / p99, ms', 'node p50 / p99, ms'];
  return `Processor time for a delivered message of 1.5 kB, ${TALKING} in rooms of ten: median (least to most)\n\n${table(head, rows)}`;
}

async function measureCrowd() {
  const rows = [];
  for (const kind of KINDS) {
    const server = await Server.start(kind, binary, { args: ['--room-capacity', `${CROWD}`] });
    const found = await crowd(server, CROWD, CROWD_SECONDS);
    await server.stop();
    rows.push([
      kind, found.within.toFixed(1), `${found.p50.toFixed(1)} / ${found.p99.toFixed(1)} / ${found.most.toFixed(1)}`, found.late.toFixed(0), `${found.events}`, found.milliseconds.toFixed(2),
    ]);
  }
  const head = ['server', 'all in after, s', 'join p50 / p99 / most, ms', 'load late by, ms', 'events delivered', 'ms of processor time a join'];
  return `${CROWD} people join one room within ${CROWD_SECONDS} s (connecting included)\n\n${table(head, rows)}`;
}

pinLoad();
const begun = performance.now();
const load = loadavg()[0];
const parts = [];
for (const [name, measure] of Object.entries(PARTS)) {
  if (values.only && values.only !== name) continue;
  const text = await measure();
  console.log(`${text}\n`);
  parts.push(text);
}
const quiet = load < 0.7 ? 'quiet' : '**not quiet**: other programs ran';
const when = `${new Date().toISOString().slice(0, 10)}, ${((performance.now() - begun) / 1_000).toFixed(0)} s, load average ${load.toFixed(1)} at the start (${quiet}), Node.js ${process.version.slice(1)}.`;
console.log(when);
if (values.record) {
  const document = readFileSync(values.record, 'utf8');
  const [before, rest] = document.split(BEGIN);
  const after = rest.split(END)[1];
  writeFileSync(values.record, `${before}${BEGIN}\n${[when, ...parts].join('\n\n')}\n${END}${after}`);
}
process.exit(0);
