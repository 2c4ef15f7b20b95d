import { expect, test } from './page';

const TEXT = '{ "nodes": [ { "id": "a", "type": "LLMNode", "data": {  } } ] }';

test('names are offered with what they mean, and written with what their value begins with', async ({ ui, page }) => {
  await ui.open();
  await ui.write(TEXT);
  for (let step = 0; step < 8; step += 1) await page.keyboard.press('ArrowLeft');
  const list = page.getByRole('listbox');
  // What there is to offer comes from the server.
  await expect(async () => {
    await page.keyboard.press('Control+Space');
    await expect(list.getByRole('option').first()).toHaveText('prompt', { timeout: 1000 });
  }).toPass();
  await expect(page.getByText('The prompt, with')).toBeVisible();
  await page.keyboard.type('tempe');
  await expect(list.getByRole('option')).toHaveText(['temperature']);
  await page.keyboard.press('Enter');
  await expect(ui.editor).toContainText('"temperature": ');
});

test('values and references are offered where they belong', async ({ ui, page }) => {
  await ui.open();
  await ui.write(
    '{ "nodes": [ { "id": "first", "type": "PromptNode", "data": { "template": "{{input}}" } }, { "id": "b", "type": "LLMNode", "data": { "prompt": "x {{ " } } ] }',
  );
  for (let step = 0; step < 9; step += 1) await page.keyboard.press('ArrowLeft');
  // What there is to offer comes from the server.
  await expect(async () => {
    await page.keyboard.press('Control+Space');
    await expect(page.getByRole('option')).toHaveText(['first.output', 'input'], { timeout: 1_000 });
  }).toPass();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('listbox')).toHaveCount(0);
});

test('a name says what it means when it is pointed at', async ({ ui, page }) => {
  await ui.open();
  await ui.write(TEXT);
  await page.getByText('"data"').hover();
  await expect(page.getByText('What it does, as its type says.')).toBeVisible();
});
