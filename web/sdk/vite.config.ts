import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: () => 'kaigi-client.js' },
    target: 'es2022',
    sourcemap: true,
    // One file to include, whatever comes later elsewhere.
    rolldownOptions: { output: { codeSplitting: false } },
  },
});
