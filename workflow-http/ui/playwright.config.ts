import { defineConfig } from '@playwright/test';

// Each worker has a server of its own, unless one is named that runs already: see e2e/page.ts.
export default defineConfig({
  testDir: 'e2e',
  // Enough for a machine that does much else: what is measured is CPU time, not time on the clock.
  timeout: 60_000,
  expect: { timeout: 15_000 },
  workers: 2,
  // On a machine that does much else, a browser may be too slow for keys that follow each other; what fails twice is a fault.
  retries: process.env.CI ? 1 : 0,
  reporter: 'list',
  use: {
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
