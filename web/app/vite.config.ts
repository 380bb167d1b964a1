import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Puts `src/boot.js` into the page as an external, blocking, hashed script: the content security policy
 * forbids inline scripts, and a module would run after the first paint.
 */
function bootScript(): Plugin {
  let reference: string | undefined;
  return {
    name: 'kaigi-boot-script',
    buildStart() {
      if (this.meta.watchMode || this.environment.mode !== 'build') return;
      const source = readFileSync(here('./src/boot.js'), 'utf8')
        .split('\n')
        .filter((line) => !line.trimStart().startsWith('//'))
        .map((line) => line.trim())
        .join('\n');
      reference = this.emitFile({ type: 'asset', name: 'boot.js', source });
    },
    transformIndexHtml: {
      order: 'post',
      handler(html, context) {
        const emitted = Object.values(context.bundle ?? {}).find(
          (file) => file.type === 'asset' && file.names.includes('boot.js'),
        );
        const src = reference && emitted ? `/${emitted.fileName}` : '/src/boot.js';
        return html.replace('<!-- boot -->', `<script src="${src}"></script>`);
      },
    },
  };
}

export default defineConfig({
  plugins: [react(), bootScript()],
  resolve: {
    alias: [
      { find: /^@kaigi\/client$/, replacement: here('../sdk/src/index.ts') },
      { find: /^@kaigi\/client\/embed$/, replacement: here('../sdk/src/embed.ts') },
    ],
    dedupe: ['react', 'react-dom'],
  },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
