import { defineConfig } from 'vite';

/** What a server serves to plain pages: one file each, with all that it needs inside. */
const standalone = defineConfig({
  build: {
    lib: {
      entry: { 'kaigi-client': 'src/index.ts', 'kaigi-embed': 'src/embed.ts' },
      formats: ['es'],
      fileName: (_, name) => `${name}.js`,
    },
    target: 'es2022',
    sourcemap: true,
    // One file to include, whatever comes later elsewhere.
    rolldownOptions: { output: { codeSplitting: false } },
  },
});

/** What goes into the package: a module for each of the source, so that bundlers leave out what is not used. */
const modules = defineConfig({
  build: {
    lib: { entry: ['src/index.ts', 'src/embed.ts'], formats: ['es'] },
    outDir: 'dist/esm',
    target: 'es2022',
    minify: false,
    rolldownOptions: {
      external: ['socket.io-client'],
      output: { preserveModules: true, preserveModulesRoot: 'src', entryFileNames: '[name].js' },
    },
  },
});

export default defineConfig(({ mode }) => (mode === 'package' ? modules : standalone));
