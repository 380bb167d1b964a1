// make natlab: every cell, its table on the terminal and in docs/natlab.md. Arguments name cells (a part of the
// name will do); then the table is printed only.
import { CELLS } from './cells.mjs';
import { hold } from './call.mjs';
import { unsupported } from './namespaces.mjs';
import { row, table, writeTable } from './table.mjs';

const wanted = process.argv.slice(2);
const cells = CELLS.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const reason = unsupported();
if (reason) {
  console.log(`No NAT lab here: ${reason}.`);
  for (const { name } of cells) console.log(`skipped: ${name}`);
  process.exit(0);
}

const outcomes = [];
for (const cell of cells) {
  const outcome = await hold(cell);
  outcomes.push(outcome);
  console.log(row(outcome));
  for (const failure of outcome.failures) console.log(`    ${failure}`);
  if (outcome.details) console.log(outcome.details);
}
console.log(`\n${table(outcomes)}`);
if (wanted.length === 0) writeTable(outcomes);
const failed = outcomes.filter(({ failures }) => failures.length);
console.log(failed.length ? `${failed.length} of ${cells.length} cells failed.` : `All ${cells.length} cells hold.`);
process.exit(failed.length ? 1 : 0);
