import { readFile } from 'node:fs/promises';
import { expect, test } from './page';

// The schema leaves room for `urgency`, so only the run finds that it is missing.
const FAILS = JSON.stringify(
  {
    nodes: [
      {
        id: 'ask',
        type: 'LLMNode',
        data: {
          prompt: 'About {{ input }}',
          schema: { type: 'object', additionalProperties: true, properties: { kind: { enum: ['bug'] }, notes: { type: 'array', items: { type: 'string' } } } },
        },
      },
      { id: 'tell', type: 'PromptNode', data: { template: 'Priority {{ ask.output.urgency }}, {{ input }}' } },
    ],
  },
  null,
  2,
);

test('a failure says where, what there was and why it was not retried; a retry keeps what is done', async ({ ui, page }) => {
  await ui.open();
  await ui.write(FAILS);
  await ui.run.click();
  await ui.ended('Failed');
  const step = page.getByRole('article', { name: 'Step tell' });
  await expect(step.locator('figure')).toContainText('data.template');
  await expect(step.locator('mark')).toHaveText('ask.output.urgency');
  await step.getByRole('button', { name: 'Go to line' }).click();
  await expect(ui.editor).toBeFocused();
  await expect(ui.editor.locator('.cm-line', { hasText: 'ask.output.urgency' })).toBeInViewport();
  await expect(step).toContainText('Not retried: the same data would fail again.');
  await expect(step).toContainText('Keeps 1 result, runs 1 step.');

  const before = page.url();
  await step.getByRole('button', { name: 'Retry from tell' }).click();
  await expect(page).not.toHaveURL(before);
  await ui.ended('Failed');
  await ui.step('ask').click();
  await expect(page.getByRole('article', { name: 'Step ask' })).toContainText('Reused from the earlier run');
});

test('JSON is a tree that keys open and close', async ({ ui, page }) => {
  await ui.open();
  await ui.write(FAILS);
  await ui.run.click();
  await ui.ended('Failed');
  await ui.step('ask').click();
  const tree = page.getByRole('tree', { name: 'Output' });
  const notes = tree.getByRole('treeitem', { name: /^notes:/ });
  await expect(notes).toHaveAttribute('aria-expanded', 'true');
  const open = await tree.getByRole('treeitem').count();
  await notes.click();
  await expect(notes).toHaveAttribute('aria-expanded', 'false');
  expect(await tree.getByRole('treeitem').count()).toBeLessThan(open);
  await tree.press('ArrowRight');
  await expect(tree.getByRole('treeitem')).toHaveCount(open);
});

test('the prompt as it was sent and the raw JSON are one click away', async ({ ui, page }) => {
  await ui.open();
  await ui.run.click();
  await ui.ended('Completed');
  await ui.step('llm_step').click();
  const step = page.getByRole('article', { name: 'Step llm_step' });
  await step.getByText('Prompt', { exact: true }).click();
  await expect(step.locator('pre').filter({ hasText: 'Explain this concept in one simple sentence: Quantum Computing' })).toBeVisible();
  await step.getByText('Raw JSON', { exact: true }).click();
  await expect(step.getByRole('tree', { name: 'Raw JSON' })).toContainText('status "completed"');
});

test('the log is copied as commands and taken along as its events', async ({ ui, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await ui.open();
  await ui.run.click();
  await ui.ended('Completed');
  await page.getByRole('button', { name: 'Copy as curl' }).click();
  await expect(page.getByText('Copied')).toBeVisible();
  const commands = await page.evaluate(() => navigator.clipboard.readText());
  expect(commands).toMatch(/curl -sS '.*\/api\/workflows' /);
  expect(commands).toContain('{"input":"Quantum Computing","version":1}');

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download the events' }).click();
  const lines = (await readFile(await (await download).path(), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { seq: number; type: string });
  expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, index) => index + 1));
  expect(lines.at(-1)?.type).toBe('run.completed');
});

test('text is text: markup, right to left and emoji', async ({ ui, page }) => {
  const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script> مرحبا 😀';
  await ui.open();
  await ui.write(
    JSON.stringify(
      {
        nodes: [
          { id: 'say', type: 'PromptNode', data: { template: '{{ input }}' } },
          { id: 'put', type: 'TransformNode', data: { value: { text: '{{ input }}' } } },
        ],
      },
      null,
      2,
    ),
  );
  await ui.input.fill(hostile);
  await ui.run.click();
  await ui.ended('Completed');
  await expect(page.getByRole('article', { name: 'Step put' }).getByRole('tree')).toContainText(hostile);
  await ui.step('say').click();
  await expect(page.getByRole('article', { name: 'Step say' }).locator('pre').first()).toHaveText(hostile);
  await expect(page.locator('article img, article script')).toHaveCount(0);
});

test('scrolled up, the text says how much has come since', async ({ ui, page, slow }) => {
  await page.setViewportSize({ width: 1280, height: 400 });
  await ui.open(slow.url);
  await ui.write(JSON.stringify({ nodes: [{ id: 'say', type: 'LLMNode', data: { prompt: '{{ input }} 😀'.repeat(30) } }] }, null, 2));
  await ui.run.click();
  const follow = page.getByTestId('follow');
  await expect(follow).toHaveText('Following');
  await expect.poll(() => page.locator('[data-detail]').evaluate((box) => box.scrollHeight - box.clientHeight)).toBeGreaterThan(60);
  await page.locator('[data-detail]').hover();
  await page.mouse.wheel(0, -400);
  await expect(follow).toHaveText(/^\d+ new lines?$/);
  await follow.click();
  await expect(follow).toHaveText('Following');
});

test('of very long text the end is shown, and all of it on demand', async ({ ui, page }) => {
  await ui.open();
  await ui.write(
    JSON.stringify(
      { nodes: [{ id: 'long', type: 'PromptNode', data: { template: `{{ input }}{% for i in range(3000) %}${'0123456789'.repeat(10)}{% endfor %} end` } }] },
      null,
      2,
    ),
  );
  await ui.run.click();
  await ui.ended('Completed');
  const text = page.getByRole('region', { name: 'Output', exact: true }).locator('pre');
  await expect(text).toContainText('end');
  const length = () => text.evaluate((element) => element.textContent.length);
  expect(await length()).toBeLessThanOrEqual(200_000);
  await page.getByRole('button', { name: /^Show all 300\.0k characters/ }).click();
  await expect.poll(length).toBeGreaterThan(300_000);
});

test('a failure with one answer is mended by one press, which retries', async ({ ui, page }) => {
  await page.goto('./#/new');
  await ui.write(FAILS.replace('ask.output.urgency', 'ask.output.knid'));
  await expect(ui.run).toBeEnabled();
  await ui.run.click();
  await ui.ended('Failed');
  const step = page.getByRole('article', { name: 'Step tell' });
  await expect(step).toContainText('Did you mean ask.output.kind?');
  await expect(step.locator('figure')).toContainText(/line \d+ +data\.template/);
  const before = page.url();
  await step.getByRole('button', { name: 'Use “kind” and retry' }).click();
  await expect(page).not.toHaveURL(before);
  await ui.ended('Completed');
  await expect(ui.editor).toContainText('{{ ask.output.kind }}');
  await expect(page.getByText('v2Saved')).toBeVisible();
});

test('a time limit that was reached is doubled by one press', async ({ ui, page }) => {
  await page.goto('./#/new');
  await ui.write(JSON.stringify({ nodes: [{ id: 'say', type: 'LLMNode', timeout: '10ms', retry: 1, data: { prompt: '{{ input }}' } }] }, null, 2));
  await expect(ui.run).toBeEnabled();
  await ui.run.click();
  await ui.ended('Failed');
  const before = page.url();
  await page.getByRole('button', { name: 'Allow 20ms and retry' }).click();
  await expect(page).not.toHaveURL(before);
  await expect(ui.editor).toContainText('"timeout": "20ms"');
});
