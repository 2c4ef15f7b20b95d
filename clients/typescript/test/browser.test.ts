// The client in a browser, on the server's own origin.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Update } from 'llm-workflow-client';
import { chromium } from 'playwright-core';
import { Server } from './server.js';
import { counted, seqs, WITH_PERSON } from './workflows.js';

type Module = typeof import('llm-workflow-client');

test('a run is started, answered and followed over a restart in Chromium', async () => {
  const server = await Server.start(['--simulate-pace', '5ms']);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage();
    // As if the server had the files: its page may load scripts of its own origin only.
    await page.route('**/client/*', async (route) => {
      const file = new URL(import.meta.resolve('llm-workflow-client'));
      const body = await readFile(new URL(new URL(route.request().url()).pathname.replace('/client/', ''), file));
      await route.fulfill({ contentType: 'text/javascript', body });
    });
    await page.exposeFunction('restart', () => server.restart());
    await page.goto(server.url);
    const updates: Update[] = await page.evaluate(async (spec) => {
      const { WorkflowClient } = (await import(`${location.origin}/client/index.js`)) as Module;
      const client = new WorkflowClient({ baseUrl: '/' });
      const workflow = await client.createWorkflow(spec);
      const run = await client.start(workflow.id, { input: 'tides' });
      const received: Update[] = [];
      let isRestarted = false;
      for await (const update of client.follow(run.id)) {
        received.push(update);
        if (update.type === 'node.waiting') await client.answer(run.id, 'approve', 'yes');
        if (update.type !== 'node.delta' || isRestarted) continue;
        isRestarted = true;
        await (window as unknown as { restart: () => Promise<void> }).restart();
      }
      return received;
    }, WITH_PERSON);
    const last = updates.at(-1);
    assert(last?.type === 'run.completed', last?.type);
    assert.deepEqual(seqs(updates), counted(last.seq));
    assert(updates.some((update) => update.type === 'node.started' && update.reason === 'recovered'));
  } finally {
    await browser.close();
    await server.end();
  }
});
