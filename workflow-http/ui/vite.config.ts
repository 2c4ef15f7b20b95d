import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const server = process.env.WORKFLOW_URL ?? 'http://127.0.0.1:8765';

/** What a first view does not need is one chunk, with what only it and later chunks share. */
const PANES =
  /src\/(?:paneChunk|agent\/|form\/|inspect\/|timeline\/|tree\/|panes\/(?!EditorPane)|layout\/(?:Conflict|Dock|Versions|WorkflowMenu|Keys|SignIn)|side\/(?!use)|history\/|diff\/|use\/|editor\/(?:fix|steps\/|help\/(?:schema|jsonSchema|shape|sight|server))|api\/(?:plans|follow|sse|types)|session\/(?:useConditions|useForecast|whatIf)|run\/(?:agent|budget|curl|download|forecast|log|origin|outages|pace|place|reduce|retry|values|whyNot)|parts\/(?:ErrorCard|Section|Dialog|LongText|CodeText|Copy|Menu|PaneHead|ModelText|PlainText|useFollow|link))/;

/** What libraries do only where there is a process, or no browser, is not in the page. */
const HOST = {
  'typeof process': '"undefined"',
  'typeof setImmediate': '"undefined"',
  ...Object.fromEntries(['window', 'document', 'navigator', 'performance', 'globalThis'].map((name) => [`typeof ${name}`, '"object"'])),
  ...Object.fromEntries(
    [
      'setTimeout',
      'clearTimeout',
      'queueMicrotask',
      'reportError',
      'MessageChannel',
      'ResizeObserver',
      'IntersectionObserver',
      'WeakMap',
      'WeakSet',
      'Symbol',
    ].map((name) => [`typeof ${name}`, '"function"']),
  ),
};

/** Nothing is preloaded and there is one style sheet, so what Vite does around a lazy import is left out. */
const plainImports: Plugin = {
  name: 'plain-imports',
  enforce: 'pre',
  load: (id) => (id.includes('vite/preload-helper') ? 'export const __vitePreload = (load) => load();' : undefined),
};

// Every name in `dist` is fixed and every URL relative: the server embeds the files and may serve them under a base path.
export default defineConfig({
  base: './',
  define: HOST,
  plugins: [plainImports, react(), tailwindcss()],
  build: {
    target: 'es2022',
    modulePreload: false,
    cssCodeSplit: false,
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      // No getter of a library does anything, so a property that is only read at the top of a module can go.
      treeshake: { propertyReadSideEffects: false },
      optimization: { inlineConst: { mode: 'all', pass: 2 } },
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
