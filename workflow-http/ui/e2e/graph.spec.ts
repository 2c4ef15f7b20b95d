import type { Page } from '@playwright/test';
import { expect, test } from './page';

const card = (page: Page, path: string) => page.locator(`[data-card="${path}"]`);
const stateOf = (page: Page, path: string) => page.locator('[data-state]', { has: page.locator(`> .card > [data-card="${path}"]`) });

const NESTED = JSON.stringify({
  nodes: [
    { id: 'each', type: 'MapNode', data: { over: 'range(7) | list', nodes: [{ id: 'sum', type: 'PromptNode', data: { template: 'Item {{ item }}' } }] } },
    {
      id: 'refine',
      type: 'LoopNode',
      data: { until: 'index == 1', max: 3, nodes: [{ id: 'draft', type: 'TransformNode', data: { value: '{{ each.output[index] }}' } }] },
    },
    { id: 'never', type: 'PromptNode', when: "refine.output == 'nothing'", data: { template: 'Never {{ refine.output }}' } },
  ],
});

test.use({ viewport: { width: 1440, height: 900 } });

test.beforeEach(async ({ page }) => {
  await page.goto('./#/new');
  await expect(card(page, 'llm_step')).toBeVisible();
});

test('each card shows what its step does, and at last what it did', async ({ ui, page }) => {
  await expect(card(page, 'llm_step')).toHaveAccessibleName('llm_step');
  await ui.run.click();
  await expect(card(page, 'llm_step')).toHaveAccessibleName('llm_step, Running');
  await expect(page.locator('.whisper')).not.toBeEmpty();
  await ui.ended('Completed');
  await expect(card(page, 'llm_step')).toHaveAccessibleName('llm_step, Completed');
  await expect(page.locator('.whisper')).toHaveCount(0);
  await expect(stateOf(page, 'prompt_step')).toHaveAttribute('data-state', 'completed');
  await expect(page.locator('.way')).toHaveAttribute('data-way', 'passed');
});

test('a word of one step draws one card', async ({ ui, page }) => {
  await ui.write(
    JSON.stringify({
      nodes: [
        { id: 'wait', type: 'DelayNode', needs: [], data: { for: '30s' } },
        { id: 'speak', type: 'LLMNode', needs: [], data: { prompt: 'Say {{ input }}' } },
      ],
    }),
  );
  await expect(card(page, 'speak')).toBeVisible();
  await ui.run.click();
  await expect(page.locator('.whisper')).not.toBeEmpty();
  // Its time runs in a `time`; nothing else of a card changes while another one speaks.
  const changes = await page.evaluate(async () => {
    const other = document.querySelector('[data-card="wait"]')!.closest('.placed')!;
    let changes = 0;
    const observer = new MutationObserver(
      (records) => (changes += records.filter(({ target }) => !target.parentElement?.closest('time') && target.nodeName !== 'TIME').length),
    );
    observer.observe(other, { subtree: true, childList: true, attributes: true, characterData: true });
    const whisper = document.querySelector('.whisper')!;
    const words = new Set<string>();
    const until = performance.now() + 1500;
    while (performance.now() < until && words.size < 5) {
      words.add(whisper.textContent!);
      await new Promise(requestAnimationFrame);
    }
    observer.disconnect();
    return { changes, words: words.size };
  });
  expect(changes).toEqual({ changes: 0, words: 5 });
  await ui.cancel.click();
});

test('a step that is chosen in the graph is chosen everywhere', async ({ ui, page }) => {
  await ui.run.click();
  await ui.ended('Completed');
  await card(page, 'prompt_step').click();
  await expect(page).toHaveURL(/\/steps\/prompt_step$/);
  await expect(page.getByRole('article', { name: 'Step prompt_step' })).toBeVisible();
  await expect(page.locator('.cm-chosen', { hasText: 'prompt_step' })).toBeVisible();
  await card(page, 'prompt_step').press('ArrowDown');
  await expect(card(page, 'llm_step')).toBeFocused();
  await expect(page.getByRole('article', { name: 'Step llm_step' })).toBeVisible();

  await page.reload();
  await expect(card(page, 'llm_step')).toHaveAttribute('aria-current', 'step');
  await expect(page).toHaveURL(/\/steps\/llm_step$/);
});

test('what is chosen before a run is shown in the text', async ({ page }) => {
  await card(page, 'llm_step').click();
  await expect(card(page, 'llm_step')).toHaveAttribute('aria-current', 'step');
  await expect(page.locator('.cm-chosen', { hasText: 'llm_step' })).toBeVisible();
});

test('a map shows its items and one of them inside, a loop its rounds', async ({ ui, page }) => {
  await ui.write(NESTED);
  await ui.run.click();
  await ui.ended('Completed');
  const cells = page.getByRole('group', { name: 'Items of each' }).getByRole('button');
  await expect(cells).toHaveCount(7);
  await page.getByRole('button', { name: 'Item 3, Completed' }).click();
  await expect(page.getByRole('article', { name: 'Step each/3/sum' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Item 3, Completed' })).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press(']');
  await expect(page.getByRole('article', { name: 'Step each/4/sum' })).toBeVisible();
  await page.getByRole('button', { name: 'Round 1, Completed' }).click();
  await expect(page.getByRole('article', { name: 'Step refine/0/draft' })).toBeVisible();

  await page.getByRole('button', { name: '1 step in each' }).click();
  await expect(card(page, 'each/sum')).toHaveCount(0);
  await expect(card(page, 'each')).toHaveAccessibleName('each, Completed');
  await page.getByRole('button', { name: '1 step in each' }).click();
  await expect(card(page, 'each/sum')).toBeVisible();
});

test('a call opens to what it calls, and leads to its workflow', async ({ ui, page, request, slow }) => {
  const name = `called-${Date.now()}`;
  await page.goto(`${slow.url}#/new`);
  await request.post(`${slow.url}api/workflows`, { data: { name, nodes: [{ id: 'twice', type: 'LLMNode', data: { prompt: 'Say {{ input }}' } }] } });
  await ui.write(JSON.stringify({ nodes: [{ id: 'call', type: 'WorkflowNode', data: { workflow: name, input: '{{ input }}' } }] }));
  await ui.run.click();
  await expect(card(page, 'call/twice')).toHaveAccessibleName('twice, Running');
  await expect(page.locator('.whisper')).not.toBeEmpty();
  await ui.ended('Completed');
  await card(page, 'call/twice').click();
  await expect(page.getByRole('article', { name: 'Step call/twice' })).toBeVisible();

  await page.getByRole('button', { name: '1 step in call' }).click();
  await expect(card(page, 'call/twice')).toHaveCount(0);
  await expect(card(page, 'call')).toHaveAttribute('aria-current', 'step');
  await card(page, 'call').click();
  await page
    .getByRole('article', { name: 'Step call' })
    .getByRole('link', { name: `${name} v1` })
    .click();
  await expect(page).toHaveURL(/#\/workflows\/[^/]+\/versions\/1$/);
  await expect(ui.editor).toContainText('"twice"');
});

test('the text follows a run until a person moves it', async ({ ui, page }) => {
  await page.setViewportSize({ width: 1440, height: 500 });
  const nodes = Array.from({ length: 9 }, (_, index) => ({
    id: `step_${index}`,
    type: index === 8 ? 'LLMNode' : 'TransformNode',
    data: index === 8 ? { prompt: 'Say {{ input }}' } : { value: `{{ input }} ${index}` },
  }));
  await ui.write(JSON.stringify({ nodes }, null, 2));
  const line = (id: string) => page.locator('.cm-line', { hasText: `"id": "${id}"` });
  await page.locator('.cm-scroller').evaluate((box) => (box.scrollTop = 0));
  await expect(line('step_0')).toBeInViewport();
  await ui.run.click();
  await expect(line('step_8')).toBeInViewport();
  await ui.ended('Completed');
  await page.locator('.cm-scroller').hover();
  await page.mouse.wheel(0, -9000);
  await expect(line('step_0')).toBeInViewport();
  await card(page, 'step_8').click();
  await expect(line('step_8')).toBeInViewport();
});

test('a condition says what became of it', async ({ ui, page }) => {
  await ui.write(NESTED);
  await expect(page.locator('.when')).toHaveText("refine.output == 'nothing'");
  await ui.run.click();
  await ui.ended('Completed');
  await expect(page.locator('.when')).toContainText('false');
  await expect(card(page, 'never')).toHaveAccessibleName('never, Skipped');
});

test('faults are shown on their cards, and a text that is not JSON keeps the graph', async ({ ui, page }) => {
  await ui.write('{ "nodes": [ { "id": "a", "type": "PromptNode", "data": { "template": "Say {{ input }}" } }, { "id": "b", "type": "Nothing" } ] }');
  await expect(stateOf(page, 'b')).toContainText('1 fault');
  await expect(stateOf(page, 'b')).toContainText('type');
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type(']');
  await expect(page.getByText('Drawn from what can be read so far.')).toBeVisible();
  await expect(card(page, 'b')).toBeVisible();
});

test('500 nodes are drawn as far as they are seen, and move smoothly', async ({ ui, page }) => {
  const nodes = Array.from({ length: 500 }, (_, index) => ({
    id: `n${index}`,
    type: 'PromptNode',
    needs: index < 6 ? [] : [`n${index - 5}`, `n${index - 6}`],
    data: { template: 'Say {{ input }}' },
  }));
  await ui.write(JSON.stringify({ nodes }));
  await expect(card(page, 'n2')).toBeVisible();
  await expect(card(page, 'n499')).toHaveCount(0);
  expect(await page.locator('[data-card]').count()).toBeLessThan(160);

  const box = (await page.getByRole('region', { name: 'Graph' }).boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const costs: number[] = [];
  for (let step = 0; step < 20; step += 1) {
    const before = await ui.cpuTime();
    await page.mouse.wheel(0, 120);
    await page.evaluate(() => new Promise(requestAnimationFrame));
    costs.push((await ui.cpuTime()) - before);
  }
  // About 40 ms on a busy machine, of which the measuring is a part.
  expect(costs.sort((a, b) => a - b)[10]).toBeLessThan(100);
  await expect(card(page, 'n2')).toHaveCount(0);
});
