import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from './page';

const RETRY = JSON.stringify(
  {
    nodes: [
      { id: 'ask', type: 'LLMNode', retry: 2, data: { prompt: `[[429]] ${Date.now()} {{ input }}` } },
      { id: 'never', type: 'PromptNode', when: "input == 'never'", data: { template: '{{ input }}' } },
      { id: 'say', type: 'LLMNode', needs: ['ask'], data: { prompt: '{{ ask.output }}' } },
    ],
  },
  null,
  2,
);

test('each attempt has its bar, the pause its line, and what is skipped its sentence', async ({ ui, page }) => {
  await ui.open();
  await ui.write(RETRY);
  await ui.run.click();
  const tree = page.getByRole('tree', { name: 'Steps over time' });
  const row = (name: RegExp) => tree.getByRole('treeitem', { name });
  await expect(row(/^ask retrying/).locator('.bar-failed')).toHaveCount(1);
  await expect(row(/^ask retrying/).locator('.bar-pause')).toHaveCount(1);
  await expect(page.locator('.now')).toBeVisible();
  await ui.ended('Completed');
  await expect(row(/^ask completed, .*, 1 failed attempt/).locator('.bar-working')).toHaveCount(1);
  await expect(row(/^ask completed/).locator('.first-words')).toHaveCount(1);
  await expect(row(/^never skipped/)).toContainText("skipped: input == 'never' was false");
  await expect(page.locator('.now')).toHaveCount(0);
});

test('a row chosen is chosen everywhere, also by keys', async ({ ui, page }) => {
  await ui.open();
  await ui.run.click();
  await ui.ended('Completed');
  const tree = page.getByRole('tree', { name: 'Steps over time' });
  await tree.getByRole('treeitem', { name: /^prompt_step/ }).click();
  await expect(page.getByRole('article', { name: 'Step prompt_step' })).toBeVisible();
  await tree.press('ArrowDown');
  await expect(page.getByRole('article', { name: 'Step llm_step' })).toBeVisible();
  await expect(tree.getByRole('treeitem', { name: /^llm_step/ })).toHaveAttribute('aria-selected', 'true');
  await tree.press('Home');
  await expect(page.getByRole('article', { name: 'Step prompt_step' })).toBeVisible();
});

const MANY = JSON.stringify(
  {
    nodes: [
      { id: 'each', type: 'MapNode', data: { over: 'range(1500) | list', nodes: [{ id: 'sum', type: 'PromptNode', data: { template: 'Item {{ item }}' } }] } },
    ],
  },
  null,
  2,
);

test('of thousands of rows those in sight are drawn, and the keys reach the last', async ({ ui, page }) => {
  // Beside the graph: the list would draw all of them, which is not what is looked at here.
  await page.goto('./#/new');
  await ui.write(MANY);
  await ui.run.click();
  await ui.ended('Completed');
  const tree = page.getByRole('tree', { name: 'Steps over time' });
  const rows = tree.getByRole('treeitem');
  await expect(rows).toHaveCount(1);
  await tree.getByRole('treeitem', { name: /^each/ }).click();
  await tree.press('ArrowRight');
  await expect(tree.getByRole('treeitem', { name: 'item 0 sum' })).toBeVisible();
  expect(await rows.count()).toBeLessThan(60);
  await tree.press('End');
  await expect(tree.getByRole('treeitem', { name: 'item 1499 sum' })).toBeInViewport();
  expect(await rows.count()).toBeLessThan(60);
  await tree.press('ArrowLeft');
  await expect(tree.getByRole('treeitem', { name: /^each/ })).toBeInViewport();
});

for (const width of [390, 1440]) {
  for (const colorScheme of ['dark', 'light'] as const) {
    test(`${width} px, ${colorScheme}: axe finds nothing in a timeline`, async ({ ui, page }) => {
      await page.setViewportSize({ width, height: 844 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await ui.open();
      if (width < 761) await ui.pane('JSON');
      await ui.write(RETRY.replace('[[429]]', `[[429]] ${width} ${colorScheme}`));
      await ui.run.click();
      await ui.ended('Completed');
      if (width < 761) await ui.pane('Timeline');
      await expect(page.getByRole('tree', { name: 'Steps over time' })).toBeVisible();
      expect(await ui.overflow()).toBe(0);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual([]);
    });
  }
}
