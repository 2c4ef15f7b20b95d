// What the page shows of events that a simulated server does not write.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './page';

const MARKDOWN = `# Tides

The **moon** pulls the *sea*, see [the article](https://example.org/tides) and ![a pixel](https://example.org/pixel.png).

| Body | Pull |
|:-----|-----:|
| Moon | 2.2  |
| Sun  | 1    |

1. Springs, with \`sin(2t)\`
2. Neaps
   - smaller
   - [x] checked

\`\`\`js
const height = (t) => Math.sin(t);
\`\`\`

> Time and tide wait for no one.

<img src="https://example.org/x.png" onerror="alert(1)"> stays text.`;

const time = (second: number) => new Date(Date.UTC(2026, 0, 1, 12) + second * 1000).toISOString();

async function play(page: Page, story: object[]) {
  const events = story.map((event, index) => ({ seq: index + 1, run_id: 'r', time: time(index), ...event }));
  const body = events.map((event) => `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`).join('');
  await page.route('**/api/runs/r/events', (route) => route.fulfill({ contentType: 'text/event-stream', body }));
  await page.goto('./#/runs/r');
}

const of = (path: string) => ({ node: path.split('/').at(-1), path, attempt: 1 });
const NODES = [{ id: 'ask', type: 'LLMNode' }];
const begun = [{ type: 'run.created', input: 'x', nodes: NODES }, { type: 'run.started' }, { type: 'node.started', ...of('ask') }];

test('a model’s Markdown is drawn, asks for nothing from elsewhere, and can be read as text', async ({ ui, page }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).host));
  const metadata = { grounding: { webSearchQueries: ['tides'], groundingChunks: [{ web: { uri: 'https://example.org/1', title: 'example.org' } }] } };
  await play(page, [
    ...begun,
    { type: 'node.completed', ...of('ask'), output: MARKDOWN, duration_ms: 900, finish_reason: 'MAX_TOKENS', truncated: true, metadata },
    { type: 'run.completed', output: MARKDOWN, duration_ms: 1000 },
  ]);
  await ui.ended('Completed');
  const detail = page.getByRole('article', { name: 'Step ask' });
  await expect(detail.getByRole('table')).toContainText('Moon');
  await expect(detail.getByRole('heading', { name: 'Tides' })).toBeVisible();
  await expect(detail.getByRole('list').first()).toContainText('Springs');
  await expect(detail.getByRole('link', { name: 'the article' })).toHaveAttribute('rel', /noopener/);
  await expect(ui.spoken).toContainText('<img src="https://example.org/x.png"');
  await expect(detail.locator('img')).toHaveCount(0);
  await expect(detail).toContainText('Cut off at the token limit');
  await expect(detail.getByRole('region', { name: 'Sources' }).getByRole('link', { name: 'example.org' })).toHaveAttribute('href', 'https://example.org/1');
  expect([...new Set(asked)]).toEqual([new URL(page.url()).host]);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual([]);
  expect(await ui.overflow()).toBe(0);
  await detail.getByRole('button', { name: 'Plain text' }).click();
  await expect(ui.spoken).toHaveText(MARKDOWN, { useInnerText: true });
  await page.reload();
  await expect(ui.spoken).toHaveText(MARKDOWN, { useInnerText: true });
});

test('a step that waits for the model says its place in line, on the card, in the list and over time', async ({ ui, page }) => {
  await play(page, [...begun, { type: 'node.queued', ...of('ask'), queue: 'gemini-2.5-flash', position: 12 }]);
  await expect(page.getByRole('region', { name: 'Graph' })).toContainText('12th in line for the model');
  await expect(page.locator('[data-card="ask"]')).toHaveAttribute('aria-label', 'ask, Waiting for the model, 12th in line');
  await expect(page.getByRole('tree', { name: 'Steps over time' })).toContainText('Waiting for the model, 12th in line');
  await expect(page.getByRole('article', { name: 'Step ask' })).toContainText('Waiting for the model, 12th in line: gemini-2.5-flash.');
  await expect(page.locator('.bar-queued[data-live]')).toBeVisible();
  await ui.list();
  await expect(ui.step('ask')).toContainText('Queued');
  await expect(ui.step('ask')).toContainText('12th in line');
});

const MAP = [{ id: 'each', type: 'MapNode', nodes: [{ id: 'ask', type: 'HumanNode' }] }];

test('a map in which a person is asked waits, and its failed items are one press away', async ({ page, ui }) => {
  const error = { code: 'answer_refused', detail: 'the answer is refused' };
  await play(page, [
    { type: 'run.created', input: 'x', nodes: MAP },
    { type: 'run.started' },
    { type: 'node.started', ...of('each') },
    { type: 'node.progress', ...of('each'), items: 3, items_done: 0 },
    { type: 'node.started', ...of('each/0/ask') },
    { type: 'node.failed', ...of('each/0/ask'), error },
    { type: 'node.started', ...of('each/1/ask') },
    { type: 'node.waiting', ...of('each/1/ask'), wait_id: 'w', message: 'Is it good?\n\nA **bold** claim.' },
    { type: 'run.suspended', reason: 'waiting' },
  ]);
  await page.route('**/api/runs/r/events?*', (route) => route.fulfill({ json: { items: [] } }));
  await expect(page.getByRole('region', { name: 'Question' }).locator('strong')).toHaveText('bold');
  await expect(page.locator('[data-card="each"]')).toHaveAttribute('aria-label', 'each, Waiting');
  await page.getByRole('button', { name: 'Failed item 0' }).click();
  await expect(page.getByRole('article', { name: 'Step each/0/ask' })).toContainText('The answer is refused');
  await ui.list();
  await expect(ui.step('each').first()).toContainText('Waiting');
  await ui.step('each').first().click();
  await page.getByRole('region', { name: 'Failed items' }).getByRole('button', { name: 'Item 0' }).click();
  await expect(page.getByRole('article', { name: 'Step each/0/ask' })).toBeVisible();
});

test('the Tab key leads once into the log and once into the list of steps; arrow keys move on', async ({ ui, page }) => {
  await ui.open();
  await ui.run.click();
  await ui.ended('Completed');
  const inLog = ui.log.locator('[data-entry]');
  expect(await inLog.count()).toBeGreaterThan(2);
  await expect(ui.log.locator('[data-entry][tabindex="0"]')).toHaveCount(1);
  await ui.log.locator('[data-entry][tabindex="0"]').focus();
  await page.keyboard.press('Home');
  await expect(inLog.first()).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(inLog.nth(1)).toBeFocused();
  await expect(inLog.nth(1)).toHaveAttribute('tabindex', '0');
  const steps = page.getByRole('region', { name: 'Steps', exact: true });
  await expect(steps.locator('button[tabindex="0"]')).toHaveCount(1);
  await steps.locator('button[tabindex="0"]').focus();
  await page.keyboard.press('ArrowUp');
  await expect(ui.step('prompt_step')).toBeFocused();
  await expect(steps.locator('button[tabindex="0"]')).toHaveCount(1);
});

test('visible words are part of accessible names', async ({ ui, page }) => {
  const clean = async (state: string) => {
    const { violations } = await new AxeBuilder({ page }).withRules(['label-content-name-mismatch']).analyze();
    expect(
      violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`),
      state,
    ).toEqual([]);
  };
  await page.goto('./');
  await expect(page.getByRole('button', { name: 'Run it: explain-simply' })).toBeVisible();
  await clean('start');
  await page.getByRole('button', { name: 'Run it: summarise-many' }).click();
  await ui.ended('Completed');
  await clean('run');
});

test('an example that is run twice is stored once', async ({ page, ui }) => {
  let stored = 0;
  page.on('request', (request) => (stored += request.method() === 'POST' && request.url().endsWith('/api/workflows') ? 1 : 0));
  for (const attempt of [1, 2]) {
    await page.goto('./');
    await page.getByRole('button', { name: 'Run it: extract-data' }).click();
    await expect(page, `${attempt}`).toHaveURL(/#\/runs\//);
    await ui.ended('');
  }
  expect(stored).toBeLessThanOrEqual(1);
});

test('in forced colours, what is pressed and chosen is outlined and states keep their colours', async ({ ui, page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await ui.open();
  await ui.run.click();
  await ui.ended('Completed');
  const outline = (selector: string) =>
    page
      .locator(selector)
      .first()
      .evaluate((element) => getComputedStyle(element).outlineStyle);
  expect(await outline('[role=group] [aria-pressed=true]')).toBe('solid');
  expect(await outline('[role=treeitem][aria-selected=true]')).toBe('solid');
  expect(await outline('.trail [aria-current=step]')).toBe('solid');
  expect(
    await page
      .locator('.bar')
      .first()
      .evaluate((element) => getComputedStyle(element).forcedColorAdjust),
  ).toBe('none');
});
