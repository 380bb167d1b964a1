// Puts the repository's licenses beside the package's own files: npm packs what lies in the package's folder only.
import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) {
  const path = (relative) => fileURLToPath(new URL(`${relative}/${name}`, import.meta.url));
  copyFileSync(path('../../..'), path('..'));
}
