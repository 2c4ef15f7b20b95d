import { expect, test } from './page';

const WAYS = JSON.stringify(
  {
    nodes: [
      { id: 'ask', type: 'LLMNode', on_error: { output: 'nothing' }, data: { prompt: '[[400]] {{ input }}' } },
      { id: 'never', type: 'PromptNode', needs: [], when: "input == 'never'", data: { template: 'Never {{ input }}' } },
      { id: 'after', type: 'PromptNode', needs: ['never'], data: { template: '{{ never.output }}' } },
      { id: 'last', type: 'PromptNode', needs: ['ask'], data: { template: 'Got {{ ask.output }}.' } },
    ],
  },
  null,
  2,
);

test('skipped steps say why, and a handled failure says that the workflow continued', async ({ ui, page }) => {
  await ui.open();
  await ui.write(WAYS);
  await ui.run.click();
  await ui.ended('Completed');
  await expect(ui.step('never').first()).toContainText("input == 'never' was false");
  await expect(ui.step('after')).toContainText('it needs never, which was skipped');
  await expect(ui.step('ask')).toContainText('the workflow continued');
  await expect(ui.log).toContainText('Its condition was false.');
  await expect(ui.log).toContainText('Handled: the workflow continued.');

  await ui.step('ask').click();
  const detail = page.getByRole('article', { name: 'Step ask' });
  await expect(detail).toContainText('Failed, handled');
  await expect(detail.getByRole('region', { name: 'Output' })).toContainText('nothing');
});

test('a line joins a step only to the one step that it needs', async ({ ui, page }) => {
  await ui.open();
  const lines = () => page.locator('.trail li').evaluateAll((rows) => rows.map((row) => getComputedStyle(row, '::before').content !== 'none'));
  await expect.poll(lines).toEqual([false, true]);
  await ui.write(WAYS);
  await expect.poll(lines).toEqual([false, false, true, false]);
  await ui.run.click();
  await ui.ended('Completed');
  expect(await lines()).toEqual([false, false, true, false]);
});

test('320 px: the status line says in full that answers are simulated', async ({ ui, page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await ui.open();
  await ui.run.click();
  await ui.ended('Completed');
  const box = await page.getByLabel('Status').getByText('Simulated', { exact: true }).boundingBox();
  expect(box!.x + box!.width).toBeLessThanOrEqual(320);
  expect(await ui.overflow()).toBe(0);
});
