import { defineConfig, type UserConfig } from 'vite';

/** What a server serves to plain pages: one file each, with all that it needs inside, whatever comes later elsewhere. */
const standalone = (name: string, entry: string, emptyOutDir: boolean): UserConfig => ({
  build: {
    lib: { entry, formats: ['es'], fileName: () => `${name}.js` },
    emptyOutDir,
    target: 'es2022',
    sourcemap: true,
    rolldownOptions: { output: { codeSplitting: false } },
  },
});

/** What goes into the package: a module for each of the source, so that bundlers leave out what is not used. */
const modules: UserConfig = {
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
};

/** By Vite's mode; a build is all three, in this order. */
const builds: Record<string, UserConfig> = {
  production: standalone('kaigi-client', 'src/index.ts', true),
  embed: standalone('kaigi-embed', 'src/embed.ts', false),
  package: modules,
};

export default defineConfig(({ mode }) => builds[mode] ?? modules);
