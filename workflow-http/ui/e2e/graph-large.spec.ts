// A graph of hundreds of steps: found, overseen and moved.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test, type WorkflowPage } from './page';

const card = (page: Page, path: string) => page.locator(`[data-card="${path}"]`);
const face = (page: Page, path: string) => page.locator('.card', { has: page.locator(`> [data-card="${path}"]`) });
const graph = (page: Page) => page.getByRole('region', { name: 'Graph' });
const minimap = (page: Page) => page.locator('.minimap');
const search = (page: Page) => page.getByRole('textbox', { name: 'Search steps by id or type' });
const zoomOf = (page: Page) => page.locator('.canvas > div').evaluate((drawing) => new DOMMatrix(getComputedStyle(drawing).transform).a);

const prompt = (id: string, needs: string[], text = '') => ({
  id,
  type: 'PromptNode',
  needs,
  data: { template: `${text}{{ input }} ${needs.map((need) => `{{ ${need}.output | length }}`).join(' ')}` },
});
const ids = (count: number, name: string) => Array.from({ length: count }, (_, index) => `${name}_${index}`);

/** A split into 100 steps that are joined. */
const FAN = JSON.stringify({
  nodes: [prompt('start', []), ...ids(100, 'worker').map((id) => prompt(id, ['start'])), prompt('join', ids(100, 'worker'))],
});

/** Ten ranks of 30, each step of which needs three of the rank above. Every third rank asks a model. */
const LAYERS = JSON.stringify({
  nodes: Array.from({ length: 300 }, (_, index) => {
    const [rank, at] = [Math.floor(index / 30), index % 30];
    const needs = rank === 0 ? [] : [...new Set([at, (at * 7 + 3) % 30, (at + 11 * rank) % 30])].map((above) => `n${rank - 1}_${above}`);
    const node = prompt(`n${rank}_${at}`, needs);
    return rank % 3 === 1 ? { ...node, type: 'LLMNode', data: { prompt: node.data.template } } : node;
  }),
});

const MAPS = JSON.stringify({
  nodes: ids(30, 'each').map((id) => ({
    id,
    type: 'MapNode',
    needs: [],
    data: { over: 'range(2) | list', nodes: ids(8, 'inner').map((inner, index) => prompt(inner, index === 0 ? [] : [`inner_${index - 1}`], '{{ item }}')) },
  })),
});

test.use({ viewport: { width: 1440, height: 900 } });

async function open(ui: WorkflowPage, page: Page, workflow: string) {
  await page.goto('./#/new');
  await expect(card(page, 'llm_step')).toBeVisible();
  await ui.write(workflow);
  await expect(card(page, 'llm_step')).toHaveCount(0);
  await expect(ui.run).toBeEnabled();
  await page.getByRole('button', { name: 'Graph', exact: true }).click();
}

test('the key 0 shows a fan of 100 as a block that can be read', async ({ ui, page }) => {
  await open(ui, page, FAN);
  await page.keyboard.press('0');
  for (const id of ['start', 'worker_0', 'worker_99', 'join']) await expect(card(page, id)).toBeInViewport({ ratio: 0.99 });
  expect(await zoomOf(page)).toBeGreaterThan(0.2);
  const before = await zoomOf(page);
  await page.keyboard.press('+');
  expect(await zoomOf(page)).toBeGreaterThan(before);
});

test('a chain of 300 begins where it starts, and all of it can be seen', async ({ ui, page }) => {
  await open(ui, page, JSON.stringify({ nodes: ids(300, 'c').map((id, index) => prompt(id, index === 0 ? [] : [`c_${index - 1}`])) }));
  await expect(card(page, 'c_0')).toBeInViewport({ ratio: 0.99 });
  await page.keyboard.press('0');
  for (const id of ['c_0', 'c_150', 'c_299']) await expect(card(page, id)).toBeInViewport({ ratio: 0.99 });
  expect(await zoomOf(page)).toBeGreaterThan(0.15);
});

test('the minimap has the states, and a press on it moves the drawing there', async ({ ui, page }) => {
  await page.goto('./#/new');
  await expect(card(page, 'llm_step')).toBeVisible();
  await expect(minimap(page)).toHaveCount(0);

  await open(ui, page, LAYERS);
  const rank = (number: number) => page.locator(`[data-card^="n${number}_"]`);
  await expect(rank(0)).not.toHaveCount(0);
  const box = (await minimap(page).boundingBox())!;
  await page.mouse.click(box.x + box.width - 10, box.y + box.height - 10);
  await expect(rank(9)).not.toHaveCount(0);
  await expect(rank(0)).toHaveCount(0);
  await page.mouse.move(box.x + box.width - 10, box.y + box.height - 10);
  await page.mouse.down();
  await page.mouse.move(box.x + 10, box.y + 10, { steps: 5 });
  await page.mouse.up();
  await expect(rank(0)).not.toHaveCount(0);
  await expect(rank(9)).toHaveCount(0);

  await ui.run.click();
  await expect(minimap(page).locator('path[data-state=running]')).toHaveCount(1);
  await expect(minimap(page).locator('path[data-state=completed]')).toHaveCount(1);
  await ui.cancel.click();
});

test('a search marks the matches, quiets the rest, and Enter goes from one to the next', async ({ ui, page }) => {
  await open(ui, page, LAYERS);
  await page.keyboard.press('/');
  await expect(search(page)).toBeFocused();
  await page.keyboard.type('N7_2');
  await expect(page.getByRole('search')).toContainText('11');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('search')).toContainText('1 of 11');
  await expect(card(page, 'n7_2')).toBeInViewport({ ratio: 0.99 });
  await expect(card(page, 'n7_2')).toHaveAttribute('aria-current', 'step');
  await expect(face(page, 'n7_2')).toHaveAttribute('data-match', 'true');
  await expect(page.locator('.card[data-match=false]').first()).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(card(page, 'n7_20')).toBeInViewport({ ratio: 0.99 });
  await page.keyboard.press('Shift+Enter');
  await expect(page.getByRole('search')).toContainText('1 of 11');
  await search(page).fill('nobody');
  await expect(page.getByRole('search')).toContainText('No step');
  await page.keyboard.press('Escape');
  await expect(search(page)).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Search steps', exact: true })).toBeFocused();
  await expect(page.locator('[data-match]')).toHaveCount(0);
});

test('a match in a closed map opens it', async ({ ui, page }) => {
  await open(ui, page, MAPS);
  await expect(card(page, 'each_17/inner_3')).toHaveCount(0);
  await page.getByRole('button', { name: 'Search steps', exact: true }).click();
  await search(page).fill('inner_3');
  for (let match = 0; match <= 17; match += 1) await page.keyboard.press('Enter');
  await expect(page.getByRole('search')).toContainText('18 of 30');
  await expect(card(page, 'each_17/inner_3')).toBeInViewport({ ratio: 0.99 });
});

test('without the graph, the same key searches all runs', async ({ ui, page }) => {
  await open(ui, page, FAN);
  await page.getByRole('group', { name: 'View' }).getByRole('button', { name: 'JSON' }).click();
  await page.keyboard.press('/');
  await expect(page).toHaveURL(/#\/runs$/);
  await expect(page.getByRole('searchbox', { name: 'Search runs' })).toBeFocused();
});

test('what a step needs and what needs it is marked, and the edges between', async ({ ui, page }) => {
  await open(ui, page, FAN);
  await page.keyboard.press('0');
  await card(page, 'worker_42').click();
  await expect(page.locator('.card[data-near] > [data-card]')).toHaveCount(2);
  for (const id of ['start', 'join']) await expect(face(page, id)).toHaveAttribute('data-near', 'true');
  await expect(page.locator('.way[data-near]')).toHaveCount(2);
});

test('300 steps are moved smoothly, all of them in sight, and nothing moves by itself while they run', async ({ ui, page }) => {
  await open(ui, page, LAYERS);
  await page.keyboard.press('0');
  await expect.poll(() => page.locator('[data-card]').count()).toBe(300);
  const box = (await graph(page).boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + 20];
  await page.mouse.move(x, y);
  await page.mouse.down();
  const costs: number[] = [];
  for (let step = 0; step < 30; step += 1) {
    const before = await ui.cpuTime();
    await page.mouse.move(x + 40 * Math.sin(step), y + 2 * step);
    await page.evaluate(() => new Promise(requestAnimationFrame));
    costs.push((await ui.cpuTime()) - before);
  }
  await page.mouse.up();
  // About 20 ms on a busy machine, of which the measuring is a part.
  expect(costs.sort((a, b) => a - b)[15]).toBeLessThan(100);

  await ui.run.click();
  await expect(page.locator('.canvas [data-state=running] > .card').first()).toBeVisible();
  await expect(page.locator('.way[data-way=live]').first()).toBeAttached();
  // Each part that moves is a layer over all cards.
  const moving = await page.evaluate(() => document.getAnimations().flatMap((one) => (one instanceof CSSAnimation ? [one.animationName] : [])));
  for (const name of ['rail', 'flow', 'caret']) expect(moving).not.toContain(name);
  // Icons are copies of the symbols, out of the reach of a script, so their setting is read.
  expect(await page.locator('.page').evaluate((element) => getComputedStyle(element).getPropertyValue('--breathe'))).toBe('none');
  await ui.cancel.click();
});

test('a card says how much its model has written, and that this is an estimate', async ({ ui, page, slow }) => {
  await page.goto(`${slow.url}#/new`);
  await ui.run.click();
  const say = page.locator('.card', { has: card(page, 'llm_step') });
  await expect(say).toContainText(/≈\d+ tok · ≈\d+\/s/);
  await expect(page.getByRole('article', { name: 'Step llm_step' })).toContainText(/tokens ≈\d+\s*speed ≈\d+ tokens\/s/);
  await ui.ended('Completed');
  await expect(say).not.toContainText('≈');
});

for (const colorScheme of ['dark', 'light'] as const) {
  test(`${colorScheme}: axe finds nothing in a large graph with a search`, async ({ ui, page }) => {
    test.setTimeout(240_000); // hundreds of elements: axe takes 10 s, and much more on a busy machine
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await open(ui, page, FAN);
    await page.keyboard.press('/');
    await page.keyboard.type('worker_4');
    await expect(face(page, 'worker_4')).toHaveAttribute('data-match', 'true');
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    await page.keyboard.press('Enter');
    await expect(card(page, 'worker_4')).toBeInViewport({ ratio: 0.99 });
    await ui.run.click();
    await ui.ended('Completed');
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  });
}
