import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: () => 'kaigi-client.js' },
    target: 'es2022',
    sourcemap: true,
  },
});
