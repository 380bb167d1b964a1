// Adds up what a first visit loads (gzipped): index.html, the scripts and styles it names, everything
// those import statically, and the chunks a meeting needs at once. Fails above the budget.
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const budgetBytes = 200_000;
const dist = fileURLToPath(new URL('../dist', import.meta.url));
const assets = join(dist, 'assets');

const sizes = new Map();
const contents = new Map();
for (const name of await readdir(assets)) {
  if (!/\.(?:js|css|svg)$/.test(name)) continue;
  const content = await readFile(join(assets, name));
  sizes.set(name, gzipSync(content, { level: 9 }).length);
  contents.set(name, content.toString());
}
const html = await readFile(join(dist, 'index.html'));
let first = gzipSync(html, { level: 9 }).length;

const seen = new Set();
const queue = [...html.toString().matchAll(/assets\/([\w.-]+\.(?:js|css|svg))/g)].map((match) => match[1]);
while (queue.length > 0) {
  const name = queue.pop();
  if (seen.has(name) || !sizes.has(name)) continue;
  seen.add(name);
  first += sizes.get(name);
  if (!name.endsWith('.js')) continue;
  for (const match of contents.get(name).matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) {
    queue.push(basename(match[1]));
  }
}
const all = [...sizes.values()].reduce((sum, size) => sum + size, gzipSync(html, { level: 9 }).length);

for (const [name, size] of [...sizes].sort((a, b) => b[1] - a[1])) {
  console.log(`${String(size).padStart(8)}  ${seen.has(name) ? 'first' : 'later'}  ${name}`);
}
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
console.log(
  `first load ${kilobytes(first)}, everything ${kilobytes(all)}, budget ${kilobytes(budgetBytes)} (gzip)`,
);
if (first > budgetBytes) {
  console.error('The first load is over its budget.');
  process.exit(1);
}
