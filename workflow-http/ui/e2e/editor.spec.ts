import { AxeBuilder } from '@axe-core/playwright';
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
    await expect(page.getByRole('option')).toHaveText(['first.output', 'input', 'run', 'coalesce', 'null', 'range'], { timeout: 1_000 });
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

test('what a reference, a filter and a field mean is said when they are pointed at', async ({ ui, page }) => {
  await ui.open();
  const schema = { properties: { kind: { type: 'string', description: 'What the mail is about.' } } };
  const nodes = [
    { id: 'sort', type: 'LLMNode', data: { prompt: 'Sort {{ input }}', schema } },
    { id: 'say', type: 'PromptNode', data: { template: '{{ sort.output.kind | upper }}' } },
  ];
  await ui.write(JSON.stringify({ nodes }, null, 2));
  await page.getByRole('group', { name: 'View' }).getByRole('button', { name: 'JSON' }).click();
  // The words of a template are one piece of text, so the mouse goes to a part of it.
  const template = ui.editor.getByText('{{ sort.output.kind | upper }}');
  const { x, y, width, height } = (await template.boundingBox())!;
  const pointAt = (word: string) => page.mouse.move(x + ('{{ sort.output.kind | upper }}'.indexOf(word) + 1.5) * (width / 30), y + height / 2);
  await pointAt('upper');
  await expect(page.getByText('The text in upper case.')).toBeVisible();
  await pointAt('kind');
  await expect(page.getByText('What the mail is about.')).toBeVisible();
  await pointAt('sort');
  await expect(page.locator('.cm-about')).toContainText('The output of sort.');
});

test('ids that can be needed are offered: not its own, none twice, and none that makes a cycle', async ({ ui, page }) => {
  await ui.open();
  await page.getByRole('group', { name: 'View' }).getByRole('button', { name: 'JSON' }).click();
  const nodes = ['{ "id": "first" }', '{ "id": "a-b", "needs": ["first", ] }', '{ "id": "later", "needs": ["a-b"] }', '{ "id": "beside", "needs": [] }'];
  await ui.write(`{ "nodes": [\n${nodes.join(',\n')}\n] }`);
  await ui.keys('<ArrowUp><ArrowUp><ArrowUp><End><ArrowLeft><ArrowLeft><ArrowLeft><ArrowLeft><Control+Space>');
  await expect(page.getByRole('option')).toHaveText(['beside']);
});

test('stored workflows are offered where one is called, and their results are known', async ({ ui, page }) => {
  await ui.open();
  const judge = {
    name: 'judge-a-text',
    nodes: [{ id: 'judge', type: 'LLMNode', data: { prompt: 'Judge {{ input }}', schema: { properties: { verdict: { type: 'string' } } } } }],
  };
  await page.request.post('api/workflows', { data: judge });
  await ui.clear();
  await ui.keys('{<Enter>');
  await ui.accept('"no', 'nodes');
  await ui.accept('Work', 'WorkflowNode');
  await ui.accept('jud', 'judge-a-text');
  await ui.addStep('PromptNode');
  await ui.keys('The verdict: {{');
  await ui.accept('ca', 'call.output');
  await ui.keys('.');
  await ui.accept('', 'verdict');
  await expect(ui.run).toBeEnabled();
});

test('what is typed without looking is what is written: what closes by itself is typed over', async ({ ui, page }) => {
  await ui.open();
  for (const text of [
    '{ "nodes": [ { "id": "a", "type": "LLMNode", "data": { "prompt": "Say {{ input }} and {{ input | upper }}" } } ] }',
    '{ "nodes": [{"id": "x", "type": "PromptNode", "data": {"template": "{% for i in input %}{{ i }}{% endfor %} He said \\"hi\\" [1] {a} 100%"}}]}',
  ]) {
    await ui.clear();
    await page.keyboard.type(text);
    await expect(ui.editor).toHaveText(text);
  }
});

test('faults wait for a pause, and go at once', async ({ ui, page }) => {
  await ui.open();
  await ui.write(TEXT);
  await page.clock.install();
  const faults = page.getByRole('region', { name: 'Faults' });
  await page.keyboard.press('Backspace');
  await page.clock.runFor(500);
  await page.keyboard.type(' ');
  await page.clock.runFor(500);
  await expect(faults).toHaveCount(0);
  await expect(page.locator('.cm-fault')).toHaveCount(0);
  await expect(ui.run).toBeDisabled();
  await page.clock.runFor(200);
  await expect(faults).toContainText('The text ends before');
  await page.keyboard.type('}');
  await expect(faults).toHaveCount(0);
});

test('Format changes white space only, and keeps the cursor', async ({ ui, page }) => {
  await ui.open();
  await ui.write('{"nodes":[{"id":"a","type":"LLMNode","data":{"prompt":"Explain {{ input }} to a child in three sentences","seed":1.50}}]}');
  await page.keyboard.press('Shift+Alt+F');
  await expect(ui.editor).toContainText('"seed": 1.50');
  const written = () => ui.editor.locator('.cm-line').allInnerTexts();
  const lines = await written();
  expect(lines.length).toBeGreaterThan(8);
  await page.getByRole('button', { name: 'Format' }).click();
  expect(await written()).toEqual(lines);
  await expect(ui.editor).toBeFocused();
  await page.keyboard.press('Backspace');
  await page.getByRole('button', { name: 'Format' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'The text is not JSON yet.' })).toBeVisible();
});

test('compact JSON is formatted when it is pasted', async ({ ui, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await ui.open();
  await ui.clear();
  const node = { id: 'a', type: 'LLMNode', data: { prompt: 'Explain {{ input }} to a child in three sentences' } };
  await page.evaluate((text) => navigator.clipboard.writeText(text), JSON.stringify([node]));
  await page.keyboard.press('ControlOrMeta+v');
  await expect(ui.editor.locator('.cm-line').first()).toHaveText('{');
  await expect(ui.editor).toContainText('"nodes": [');
  await expect(ui.run).toBeEnabled();
});

test('a step is added on an edge, by mouse and by keys', async ({ ui, page }) => {
  await page.goto('./#/new');
  await expect(ui.run).toBeEnabled();
  await page.getByRole('button', { name: 'Add a step between prompt_step and llm_step' }).click();
  const types = page.getByRole('dialog', { name: 'Add a step between prompt_step and llm_step' });
  await expect(types.getByRole('button', { name: 'LLMNode' })).toContainText('Sends a prompt to the model.');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await types.getByRole('button', { name: 'LLMNode' }).press('Enter');
  await expect(types).toBeHidden();
  await expect(ui.editor).toBeFocused();
  await expect(ui.editor).toContainText('"prompt": "Explain this: {{ prompt_step.output }}"');
  await ui.keys('Say in one word:');
  const between = page.getByRole('button', { name: 'Add a step between answer and llm_step' });
  await between.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'DelayNode' }).press('Enter');
  await expect(ui.editor).toContainText('"for": "5m"');
  await expect(page.getByRole('button', { name: 'Add a step between wait and llm_step' })).toBeVisible();
  await expect(ui.run).toBeEnabled();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

  // One undo for each step.
  await ui.editor.click();
  await page.keyboard.press('ControlOrMeta+z');
  await expect(ui.editor).not.toContainText('DelayNode');
});

test('the menu of steps begins a workflow, on a phone, too', async ({ ui, page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('./#/new');
  await page.getByRole('navigation', { name: 'Panes' }).getByRole('button', { name: 'JSON' }).click();
  await ui.clear();
  await ui.addStep('LLMNode');
  await expect(ui.editor).toContainText('"prompt": "Explain this: {{ input }}"');
  await expect(ui.run).toBeEnabled();
  expect(await ui.overflow()).toBe(0);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});
