import { expect, test } from './page';

test('keys work unless somebody is typing', async ({ ui, page }) => {
  await page.goto('./');
  await expect(page.getByRole('heading', { name: 'Write a workflow as JSON. Watch it run.' })).toBeVisible();
  await page.keyboard.press('n');
  await expect(page).toHaveURL(/#\/new$/);
  await expect(ui.editor).toBeVisible();
  await page.keyboard.press('g');
  await expect(ui.editor).toBeHidden();
  await page.keyboard.press('j');
  await expect(ui.editor).toBeVisible();
  await expect(page.getByRole('region', { name: 'Graph' })).toBeHidden();
  await page.keyboard.press('b');
  await expect(page.getByRole('region', { name: 'Graph' })).toBeVisible();

  await ui.editor.click();
  await page.keyboard.type('?g');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(ui.editor).toContainText('?g');
});

test('the keys are told, and the focus comes back', async ({ page }) => {
  await page.goto('./');
  const help = page.getByRole('button', { name: 'Keys' });
  await help.click();
  const dialog = page.getByRole('dialog', { name: 'Keys' });
  await expect(dialog).toContainText('Cancel the run');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(help).toBeFocused();
  await page.keyboard.press('?');
  await expect(dialog).toBeVisible();
});

test('up and down go from step to step', async ({ ui, page }) => {
  await page.goto('./#/new');
  await ui.run.click();
  await ui.ended('Completed');
  await ui.run.blur();
  await page.keyboard.press('ArrowUp');
  await expect(page.getByRole('article', { name: 'Step prompt_step' })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('article', { name: 'Step llm_step' })).toBeVisible();
});

test('the panes below are as high as they are made', async ({ ui, page }) => {
  await ui.open();
  await ui.run.click();
  await ui.ended('Completed');
  const divider = page.getByRole('separator', { name: 'Height of the panes below' });
  const heightOf = async () => (await page.getByRole('region', { name: 'Log', exact: true }).boundingBox())!.height;
  const before = await heightOf();
  await divider.focus();
  await page.keyboard.press('ArrowUp');
  await expect.poll(heightOf).toBeGreaterThan(before);
  const after = await heightOf();
  await page.reload();
  await ui.ended('Completed');
  await expect.poll(heightOf).toBe(after);
});
