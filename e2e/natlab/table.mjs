// The lab's outcomes as a table, on the terminal and in docs/natlab.md.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const DOCUMENT = new URL('../../docs/natlab.md', import.meta.url);
const [BEGIN, END] = ['<!-- table: written by make natlab -->', '<!-- end of the table -->'];

const COLUMNS = {
  Cell: ({ name }) => name,
  Browsers: ({ browsers: [ann, bob] }) => (ann === bob ? ann : `${ann}, ${bob}`),
  Connected: ({ connected }) => (connected ? 'yes' : '**no**'),
  Through: ({ before, ...after }) => [before, after].filter(Boolean).map(through).join(', then '),
  'First frame': ({ secondsToFirstFrame }) => seconds(secondsToFirstFrame),
  'Frames in 10 s': ({ frames = '' }) => `${frames}`,
  'Recovered after': ({ secondsToRecover }) => seconds(secondsToRecover),
  Three: ({ three = [] }) => ways(three),
  'All three see and hear': ({ secondsToThree }) => seconds(secondsToThree),
  Holds: ({ failures }) => (failures.length ? '**no**' : 'yes'),
};

/** One line for the terminal. */
export function row(outcome) {
  return `| ${Object.values(COLUMNS).map((cell) => cell(outcome)).join(' | ')} |`;
}

export function table(outcomes) {
  const titles = Object.keys(COLUMNS);
  return [`| ${titles.join(' | ')} |`, `|${titles.map(() => '---').join('|')}|`, ...outcomes.map(row)].join('\n');
}

/** Puts the table in its place in the document. */
export function writeTable(outcomes) {
  const text = readFileSync(DOCUMENT, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/natlab.md has no place between “${BEGIN}” and “${END}”`);
  const browsers = ['chromium', 'firefox-esr'].map(version).join(' and ');
  const head = `${new Date().toISOString().slice(0, 10)}, ${browsers}:`;
  writeFileSync(DOCUMENT, `${text.slice(0, begin)}${BEGIN}\n${head}\n\n${table(outcomes)}\n\n${text.slice(end)}`);
}

function through({ path, by = [] }) {
  if (path !== 'Relayed') return path ?? '';
  return by.length ? `Relayed by ${[...new Set(by.map((protocol) => protocol.toUpperCase()))].sort().join(' and ')}` : 'Relayed';
}

/** One word where all three are alike. */
function ways(three) {
  const kinds = [...new Set(three.map(({ way }) => way))];
  return kinds.length === 1 ? kinds[0] : three.map(({ name, way }) => `${name} ${way}`).join(', ');
}

function seconds(value) {
  return value === undefined ? '' : `${value.toFixed(1)} s`;
}

function version(program) {
  const said = execFileSync(program, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  return said.match(/(Chromium|Firefox) [\d.]+/)?.[0] ?? program;
}
