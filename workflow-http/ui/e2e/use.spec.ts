import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type WorkflowPage } from './page';
import { Server } from './server';

const WITH_PERSON = JSON.stringify({
  name: 'with-person',
  nodes: [{ id: 'approve', type: 'HumanNode', data: { message: 'Publish {{ input }}?', schema: { type: 'string', enum: ['yes', 'no'] } } }],
});

/** Writes a workflow, saves it and opens the dialog. */
async function openFor(ui: WorkflowPage, workflow: string) {
  const { page } = ui;
  await ui.write(workflow);
  await expect(ui.run).toBeEnabled();
  await page.keyboard.press('ControlOrMeta+s');
  await expect(page.getByText('v1Saved')).toBeVisible();
  await page.getByRole('button', { name: 'Workflow and run' }).click();
  await page.getByRole('button', { name: 'Use it in your app' }).click();
  return page.getByRole('dialog', { name: 'Use it in your app' });
}

test('a program for the open workflow is chosen by language and copied', async ({ ui, page, context, shared }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await ui.open();
  const dialog = await openFor(ui, WITH_PERSON);
  await expect(dialog).toContainText('and answers approve.');
  const code = dialog.getByRole('region', { name: /^Program in / });
  const id = /workflows\/([0-9a-f-]{36})/.exec(page.url())![1]!;
  for (const [language, file] of [
    ['curl', 'run.sh'],
    ['Python', 'run.py'],
    ['TypeScript', 'run.mts'],
    ['Rust', 'src/main.rs'],
  ] as const) {
    await dialog.getByRole('button', { name: language }).click();
    await expect(code).toHaveAccessibleName(`Program in ${language}`);
    await expect(dialog).toContainText(file);
    for (const part of [id, new URL(shared).origin, 'Quantum Computing', 'approve']) await expect(code).toContainText(part);
    await dialog.getByRole('button', { name: 'Copy' }).click();
    await expect(dialog.getByRole('status')).toHaveText('Copied');
    expect((await page.evaluate(() => navigator.clipboard.readText())).trimEnd()).toBe(await code.textContent());
    await expect(dialog.getByRole('status')).toHaveText('Copy');
  }
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Workflow and run' })).toBeFocused();
});

test('an unsaved workflow has no program, and changes are not in it', async ({ ui, page }) => {
  await ui.open();
  await page.getByRole('button', { name: 'Workflow and run' }).click();
  await expect(page.getByText('New workflow', { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Use it in your app' })).toHaveCount(0);
  await page.keyboard.press('Escape');
  const dialog = await openFor(ui, WITH_PERSON);
  await expect(dialog).not.toContainText('not saved');
  await page.keyboard.press('Escape');
  await ui.write(WITH_PERSON.replace('approve', 'agree'));
  await page.getByRole('button', { name: 'Workflow and run' }).click();
  await page.getByRole('button', { name: 'Use it in your app' }).click();
  await expect(dialog).toContainText('Your changes are not saved: programs run the saved version.');
  await expect(dialog.getByRole('region', { name: 'Program in curl' })).toContainText('approve)');
});

test('a key is named and not shown', async ({ ui, page }) => {
  const key = 'a-key-of-the-page-17';
  const server = new Server('--memory', '--api-key', key);
  try {
    await server.start();
    await page.goto(`${server.url}#/new`);
    await page.getByLabel('API key').fill(key);
    await page.keyboard.press('Enter');
    await expect(ui.run).toBeEnabled();
    await page.keyboard.press('ControlOrMeta+s');
    await expect(page.getByText('v1Saved')).toBeVisible();
    await page.getByRole('button', { name: 'Workflow and run' }).click();
    await page.getByRole('button', { name: 'Use it in your app' }).click();
    const dialog = page.getByRole('dialog', { name: 'Use it in your app' });
    for (const language of ['curl', 'Python', 'TypeScript', 'Rust']) {
      await dialog.getByRole('button', { name: language }).click();
      await expect(dialog).toContainText('WORKFLOW_API_KEY');
      await expect(dialog).not.toContainText(key);
    }
  } finally {
    await server.kill();
  }
});

for (const width of [390, 1000, 1440]) {
  for (const colorScheme of ['dark', 'light'] as const) {
    test(`${width} px, ${colorScheme}: nothing is too wide and axe finds nothing in the programs`, async ({ ui, page }) => {
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await ui.open();
      const dialog = await openFor(ui, WITH_PERSON);
      await page.setViewportSize({ width, height: 900 });
      for (const language of ['curl', 'Python', 'TypeScript', 'Rust']) {
        await dialog.getByRole('button', { name: language }).click();
        expect(await ui.overflow(), language).toBe(0);
        expect(await dialog.evaluate((box) => box.scrollWidth - box.clientWidth), language).toBe(0);
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual([]);
        if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/use-${language}-${width}-${colorScheme}.png` });
      }
    });
  }
}
