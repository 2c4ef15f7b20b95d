import { defineConfig } from 'vitest/config';

// Apart from the tests of the page: these need Python, Rust and a server.
export default defineConfig({ test: { dir: 'snippets', testTimeout: 60_000, hookTimeout: 600_000 } });
