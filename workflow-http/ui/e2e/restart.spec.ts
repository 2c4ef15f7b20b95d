import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from './page';
import { Server } from './server';

test('a server that is killed and started again resumes the run, and so does the page', async ({ ui, page }) => {
  const directory = await mkdtemp(join(tmpdir(), 'workflow-'));
  const server = new Server('--data-dir', directory);
  try {
    await server.start();
    await page.goto(`${server.url}#/new`);
    await ui.list();
    await ui.run.click();
    await expect(ui.spoken).not.toBeEmpty();
    const run = page.url();
    await server.kill();
    await expect(page.getByText('Whether the run continues is not known.')).toBeVisible();
    await expect(page).toHaveTitle(/^Running/);
    await server.start();
    await ui.ended('Completed');
    expect(page.url()).toBe(run);
    await expect(ui.step('llm_step')).toContainText('Completed');
    const text = await ui.spoken.innerText();
    await page.reload();
    await ui.ended('Completed');
    await expect(ui.spoken).toHaveText(text, { useInnerText: true });
  } finally {
    await server.kill();
    await rm(directory, { recursive: true });
  }
});
