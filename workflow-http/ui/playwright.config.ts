import { defineConfig } from '@playwright/test';

// Against a server that runs already (WORKFLOW_URL), or one that is started here (WORKFLOW_SERVER).
const running = process.env.WORKFLOW_URL;
const command = process.env.WORKFLOW_SERVER ?? '../../target/debug/workflow-server --memory --simulate --addr 127.0.0.1:8765';
const url = running ?? 'http://127.0.0.1:8765/';

export default defineConfig({
  testDir: 'e2e',
  // Enough for a machine that does much else: what is measured is CPU time, not time on the clock.
  timeout: 60_000,
  expect: { timeout: 15_000 },
  workers: 1,
  // On a machine that does much else, a browser may be too slow once; what fails twice is a fault.
  retries: process.env.CI ? 1 : 0,
  reporter: 'list',
  use: {
    baseURL: url,
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
  ...(running ? {} : { webServer: { command, url, reuseExistingServer: true } }),
});
