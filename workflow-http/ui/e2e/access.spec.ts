import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from './page';
import { Server } from './server';

const server = new Server('--memory', '--api-key', 'open-sesame-open-sesame-open-sesame');
test.beforeAll(() => server.start());
test.afterAll(() => server.kill());

test('a server with keys asks for one, says that a wrong one is wrong, and forgets it on request', async ({ ui, page, context }) => {
  await page.goto(`${server.url}#/new`);
  const key = page.getByLabel('API key');
  await expect(key).toBeFocused();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await key.fill('wrong');
  await key.press('Enter');
  await expect(page.getByRole('alert')).toHaveText('The server does not know this key.');
  expect(await page.evaluate(() => ({ ...sessionStorage, ...localStorage }))).not.toHaveProperty('workflow-key');

  await key.fill('open-sesame-open-sesame-open-sesame');
  await key.press('Enter');
  await expect(ui.run).toBeEnabled();
  await ui.run.click();
  await ui.ended('Completed');
  await expect(ui.spoken).not.toBeEmpty();
  await page.reload();
  await ui.ended('Completed');
  expect(JSON.stringify(await context.storageState())).not.toContain('open-sesame');

  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(key).toBeVisible();
  await page.reload();
  await expect(key).toBeVisible();
  expect(await page.evaluate(() => sessionStorage.getItem('workflow-key'))).toBeNull();
});

test('what was written is there again after a key was asked for', async ({ ui, page }) => {
  await page.goto(`${server.url}#/new`);
  const signIn = async () => {
    await page.getByLabel('API key').fill('open-sesame-open-sesame-open-sesame');
    await page.getByRole('button', { name: 'Sign in' }).click();
  };
  await signIn();
  await ui.write('{ "name": "kept", "nodes": [] }');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await signIn();
  await expect(ui.editor).toContainText('"kept"');
});
