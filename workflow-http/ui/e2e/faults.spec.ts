import { expect, test } from './page';

const FAULTY = `{
  "nodes": [
    { "id": "prompt_step", "type": "PromptNode", "data": { "template": "Say {{input}}" } },
    { "id": "llm_step", "type": "LMNode", "data": {} }
  ]
}`;

test('a fault is underlined, listed and reached', async ({ ui, page }) => {
  await ui.open();
  await ui.write(FAULTY);
  const faults = page.getByRole('region', { name: 'Faults' });
  await expect(faults).toContainText('line 4');
  await expect(ui.run).toBeDisabled();
  await expect(ui.run).toHaveAccessibleDescription('Fix 1 fault to run.');
  await expect(page.locator('.cm-fault')).toHaveText('"LMNode"');

  await page.getByRole('button', { name: 'Go to line 4' }).click();
  await expect(ui.editor).toBeFocused();
  await expect(page.locator('.cm-lens')).toContainText('LMNode');

  await ui.write(FAULTY.replace('LMNode', 'LLMNode'));
  await expect(ui.run).toBeEnabled();
  await expect(faults).toHaveCount(0);
});

test('Fix writes what is meant, in one step that undo takes back', async ({ ui, page }) => {
  await ui.open();
  await ui.write(FAULTY);
  await page.getByRole('button', { name: 'Fix: LMNode becomes LLMNode' }).click();
  await expect(ui.run).toBeEnabled();
  await expect(ui.editor).toContainText('"type": "LLMNode"');
  await expect(page.getByRole('status').filter({ hasText: 'Changed LMNode to LLMNode.' })).toBeVisible();
  await expect(ui.editor).toBeFocused();
  await page.keyboard.press('ControlOrMeta+z');
  await expect(ui.editor).toContainText('"type": "LMNode"');
  await expect(ui.run).toBeDisabled();
});

test('all that has one answer is fixed at once, also from below its line', async ({ ui, page }) => {
  await ui.open();
  const template = '{{ frist.output }} {{ frist.output }}';
  const nodes = [
    { id: 'first', neds: [], type: 'PromptNode', data: { template: 'Say {{ input }}' } },
    { id: 'second', type: 'PromtNode', data: { template: '{{ first.output }}' } },
    { id: 'third', type: 'PromptNode', data: { template } },
  ];
  await ui.write(JSON.stringify({ nodes }, null, 2));
  await page.getByRole('button', { name: 'Go to line 5' }).click();
  await page.locator('.cm-lens').getByRole('button', { name: 'Fix' }).click();
  await expect(ui.editor).toContainText('"needs": []');
  await page.getByRole('button', { name: 'Fix 2 that have one answer' }).click();
  await expect(ui.run).toBeEnabled();
  await expect(ui.editor).toContainText('"type": "PromptNode"');
  await expect(ui.editor).toContainText(template.replaceAll('frist', 'first'));
});

test('a text that is not JSON has one fault, with line and column', async ({ ui, page }) => {
  await ui.open();
  await ui.write('{\n  "nodes": [],\n}');
  await expect(page.getByRole('region', { name: 'Faults' })).toContainText('line 2, column 14');
  await expect(page.getByText('Fix 1 fault to run.').filter({ visible: true })).toBeVisible();
  await page.keyboard.press('F8');
  await expect(page.locator('.cm-lens')).toContainText('This comma stands before');
});

test('hostile text is text', async ({ ui, page }) => {
  await ui.open();
  const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
  await ui.fill(hostile);
  await ui.run.click();
  await ui.ended('Completed');
  await ui.step('prompt_step').click();
  await expect(page.getByRole('article', { name: 'Step prompt_step' })).toContainText(hostile);
  await expect(page.locator('#page img')).toHaveCount(0);
});

test('faults stand in the order of the text, and two on one line stay two', async ({ ui, page }) => {
  await ui.open();
  await ui.write(
    '{\n  "nodes": [\n    { "id": "a", "type": "LMNode" },\n    { "id": "b", "typo": 1, "type": "PromptNode", "data": {} },\n    { "id": "a", "type": "LNode" }\n  ]\n}',
  );
  const places = page.getByRole('list', { name: 'Faults' }).getByRole('button', { name: 'Go to' });
  await expect.poll(() => places.count()).toBeGreaterThan(3);
  const lines = await places.evaluateAll((all) => all.map((one) => Number(/\d+/.exec(one.textContent!))));
  expect(lines).toEqual([...lines].sort((a, b) => a - b));

  await page.getByRole('button', { name: 'Go to line 5' }).first().click();
  await expect(page.locator('.cm-lens > div')).toHaveCount(2);
  await expect(page.locator('.cm-lens code').first()).not.toContainText('`');
  await expect(page.locator('.cm-lens')).toContainText('Give each node an id of its own');
});
