import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const server = process.env.WORKFLOW_URL ?? 'http://127.0.0.1:8765';

/** Components of React Flow that are not used can be left out once nothing is written to them. */
const shakeReactFlow: Plugin = {
  name: 'shake-react-flow',
  transform: (code, id) =>
    id.includes('@xyflow/react') ? code.replaceAll(/^\w+\.displayName = .*;$/gm, '').replaceAll(/= (memo|forwardRef)\(/g, '= /* @__PURE__ */ $1(') : undefined,
};

/** A drawing that never moves by itself needs no transitions. */
const still = fileURLToPath(new URL('src/graph/still.ts', import.meta.url));

/** Shared by chunks that come after the first moment, and by those only. */
const LATER = /src\/(?:parts\/(?:ErrorCard|Section|Dialog|Cut|Coded|Copy|Menu)|side\/(?:strip|RunStrip)|editor\/fix)\./;

// Every name in `dist` is fixed and every URL relative: the server embeds the files and may serve them under a base path.
export default defineConfig({
  base: './',
  plugins: [react(), tailwindcss(), shakeReactFlow],
  resolve: { alias: { 'd3-transition': still, 'd3-interpolate': still } },
  build: {
    target: 'es2022',
    modulePreload: false,
    cssCodeSplit: false,
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      output: {
        entryFileNames: 'assets/app.js',
        chunkFileNames: 'assets/[name].js',
        assetFileNames: 'assets/app[extname]',
        // What several chunks need is one more, not many; what the first moment does not need is not in it.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: 'shared', test: (id) => !LATER.test(id), minShareCount: 2, priority: 1 },
            { name: 'later', test: LATER },
          ],
        },
      },
    },
  },
  // The server answers its own pages only, so the proxy speaks as one of them.
  server: { proxy: { '/api': { target: server, changeOrigin: true, headers: { origin: server } } } },
  test: { include: ['src/**/*.test.{ts,tsx}'] },
});
