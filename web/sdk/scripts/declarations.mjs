// Finishes the emitted declarations: relative imports get their extension, which TypeScript wants from packages whose
// users resolve modules as Node does ("nodenext"); without it everything would silently be `any` to them.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const types = fileURLToPath(new URL('../dist/types', import.meta.url));
for (const entry of readdirSync(types, { recursive: true })) {
  const file = join(types, entry);
  if (!file.endsWith('.d.ts')) continue;
  const text = readFileSync(file, 'utf8');
  const finished = text.replace(/(\bfrom |\bimport\()(['"])(\.{1,2}\/[^'"]+?)(?:\.js)?\2/g, '$1$2$3.js$2');
  if (finished !== text) writeFileSync(file, finished);
}
