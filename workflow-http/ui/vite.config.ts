import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const server = process.env.WORKFLOW_URL ?? 'http://127.0.0.1:8765';

/** Shared by chunks that come after the first moment, and by those only. */
const LATER = /src\/(?:parts\/(?:ErrorCard|Section|Dialog|Cut|Coded|Copy|Menu)|side\/(?:strip|RunStrip)|editor\/fix)\./;

// Every name in `dist` is fixed and every URL relative: the server embeds the files and may serve them under a base path.
export default defineConfig({
  base: './',
  plugins: [react(), tailwindcss()],
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
