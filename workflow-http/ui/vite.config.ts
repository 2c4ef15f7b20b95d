import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const server = process.env.WORKFLOW_URL ?? 'http://127.0.0.1:8765';

/** What a first view does not need is one chunk, with what only it and later chunks share. */
const PANES =
  /src\/(?:paneChunk|agent\/|form\/|inspect\/|timeline\/|tree\/|panes\/(?!EditorPane)|layout\/(?:Conflict|Dock|Versions|WorkflowMenu|Keys|SignIn)|side\/(?!use)|history\/|diff\/|use\/|editor\/(?:fix|steps\/|help\/(?:schema|jsonSchema|shape|sight|server))|api\/(?:plans|follow|sse|types)|session\/(?:useConditions|useForecast|whatIf)|run\/(?:agent|budget|curl|download|forecast|log|origin|outages|pace|place|reduce|retry|values|whyNot)|parts\/(?:ErrorCard|Section|Dialog|LongText|CodeText|Copy|Menu|PaneHead|ModelText|PlainText|useFollow|link))/;

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
      // No getter of a library does anything, so a property that is only read at the top of a module can go.
      treeshake: { propertyReadSideEffects: false },
      output: {
        entryFileNames: 'assets/app.js',
        chunkFileNames: 'assets/[name].js',
        assetFileNames: 'assets/app[extname]',
        // What several chunks need is one more, not many; what the first moment does not need is not in it.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: 'shared', test: (id) => !PANES.test(id), minShareCount: 2, priority: 1 },
            { name: 'panes', test: PANES },
          ],
        },
      },
    },
  },
  // The server answers its own pages only, so the proxy speaks as one of them.
  server: { proxy: { '/api': { target: server, changeOrigin: true, headers: { origin: server } } } },
  test: { include: ['src/**/*.test.{ts,tsx}'] },
});
