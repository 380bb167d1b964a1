// Runs the browser tests, one file after the other, and says how long each took. A file that fails is tried once more, as
// browsers on a busy machine can miss a deadline: it then counts, but is named as unsteady at the end.
//   npm test [names…]     e.g. npm test hosting files
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';

const folder = new URL('tests/', import.meta.url);
const wanted = process.argv.slice(2);
const files = readdirSync(folder).filter((file) => file.endsWith('.test.mjs'))
  .filter((file) => !wanted.length || wanted.includes(file.replace('.test.mjs', '')));
if (!files.length) throw new Error(`no test file is named ${wanted.join(', ')}`);

const passes = (file) => new Promise((resolve) => {
  spawn(process.execPath, ['--test', '--test-force-exit', '--test-timeout=240000', new URL(file, folder).pathname], { stdio: 'inherit' })
    .on('exit', (code) => resolve(code === 0));
});

const rows = [];
for (const file of files) {
  const begin = performance.now();
  const outcome = (await passes(file)) ? 'passed' : (await passes(file)) ? 'UNSTEADY' : 'FAILED';
  rows.push({ file, outcome, seconds: Math.round((performance.now() - begin) / 1_000) });
}

rows.sort((a, b) => b.seconds - a.seconds);
console.log('\n seconds  outcome   file');
for (const { file, outcome, seconds } of rows) console.log(`${String(seconds).padStart(8)}  ${outcome.padEnd(8)}  ${file}`);
const failed = rows.filter(({ outcome }) => outcome === 'FAILED');
console.log(failed.length ? `failed twice: ${failed.map(({ file }) => file).join(', ')}` : `all ${rows.length} files passed`);
process.exit(failed.length ? 1 : 0);
