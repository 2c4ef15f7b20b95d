import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from './page';

// A call by name is refused once two workflows have it.
const INNER = `inner-${Date.now()}`;
const mapOf = (items: number) =>
  JSON.stringify(
    {
      nodes: [
        {
          id: 'each',
          type: 'MapNode',
          data: { over: `range(${items}) | list`, nodes: [{ id: 'sum', type: 'PromptNode', data: { template: 'Item {{ item }}' } }] },
        },
        {
          id: 'refine',
          type: 'LoopNode',
          data: { until: 'index == 1', max: 3, nodes: [{ id: 'draft', type: 'TransformNode', data: { value: '{{ each.output[index] }}' } }] },
        },
        { id: 'call', type: 'WorkflowNode', data: { workflow: INNER, input: '{{ refine.output }}' } },
      ],
    },
    null,
    2,
  );

test.beforeAll(async ({ request }) => {
  await request.post('./api/workflows', { data: { name: INNER, nodes: [{ id: 'twice', type: 'TransformNode', data: { value: '{{ input }}{{ input }}' } }] } });
});

test('a map of 30 items starts folded, opens to items with their types, and folds again', async ({ ui, page }) => {
  await ui.open();
  await ui.write(mapOf(30));
  await ui.run.click();
  await ui.ended('Completed');
  const rows = page.locator('.trail > li');
  const each = page.getByRole('button', { name: '30 inner steps of each' });
  await expect(each).toHaveAttribute('aria-expanded', 'false');
  await expect(ui.step('each').first()).toContainText('MapNode · 30/30');
  await expect(ui.step('item 3 sum')).toHaveCount(0);
  await expect(rows).toHaveCount(6);

  await each.click();
  await expect(rows).toHaveCount(36);
  await expect(ui.step('item 29 sum')).toContainText('Completed · PromptNode');
  await expect(ui.step('round 2 draft')).toContainText('TransformNode');
  await expect(ui.step('twice')).toContainText('TransformNode');
  await expect(ui.step('refine').first()).toContainText('LoopNode · 2 rounds');

  await ui.step('item 3 sum').click();
  const detail = page.getByRole('article', { name: 'Step each/3/sum' });
  await expect(detail).toContainText('item 3');
  await expect(detail).toContainText('Item 3');
  // What is chosen stays in sight.
  await each.focus();
  await page.keyboard.press('ArrowLeft');
  await expect(rows).toHaveCount(7);
  await expect(ui.step('item 3 sum')).toHaveAttribute('aria-current', 'step');
  await page.keyboard.press('ArrowRight');
  await expect(rows).toHaveCount(36);
  await page.keyboard.press('ArrowDown');
  await expect(ui.step('item 0 sum')).toBeFocused();
});

test('before a run the list shows what is inside maps and loops', async ({ ui, page }) => {
  await ui.open();
  await ui.write(mapOf(2));
  await expect(page.locator('.trail > li')).toHaveCount(5);
  await expect(page.locator('.trail > li[data-depth]')).toHaveText([/^sum/, /^draft/]);
});

test('a map of 2,000 items stays quick', async ({ ui, page }) => {
  await ui.open();
  await ui.write(mapOf(2000));
  await ui.run.click();
  await ui.ended('Completed');
  await expect(page.locator('.trail > li')).toHaveCount(6);
  await page.reload();
  await ui.ended('Completed');
  await ui.list();
  await expect(page.locator('.trail > li')).toHaveCount(6);
  const toggle = async () => {
    const before = await ui.cpuTime();
    const rows = await page.evaluate(async () => {
      document.querySelector<HTMLElement>('.trail [aria-expanded][aria-label$=" each"]')!.click();
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      return document.querySelectorAll('.trail > li').length;
    });
    return { rows, took: (await ui.cpuTime()) - before };
  };
  const opened = await toggle();
  expect(opened.rows).toBe(2006);
  expect(opened.took).toBeLessThan(2000);
  const closed = await toggle();
  expect(closed.rows).toBe(6);
  expect(closed.took).toBeLessThan(2000);
});

test('a warning is shown as one and bars nothing', async ({ ui, page }) => {
  await ui.open();
  await ui.write(
    JSON.stringify(
      {
        nodes: [
          { id: 'lost', type: 'PromptNode', data: { template: 'A {{ input }}' } },
          { id: 'b', type: 'PromptNode', data: { template: 'B {{ input }}' } },
        ],
      },
      null,
      2,
    ),
  );
  const warnings = page.getByRole('region', { name: 'Warnings' });
  await expect(warnings).toContainText('1 warning');
  await expect(warnings).toContainText('Nothing reads the output of lost');
  await expect(warnings).toContainText('Use lost.output');
  await expect(warnings).toContainText('unused_node');
  await page.getByRole('button', { name: /Go to line/ }).click();
  await expect(page.locator('.cm-lens-warning')).toContainText('Nothing reads');
  await expect(page.locator('.cm-fault')).toHaveCount(0);
  await expect(ui.run).toBeEnabled();
  await ui.run.click();
  await ui.ended('Completed');
});

for (const width of [400, 1280]) {
  for (const colorScheme of ['dark', 'light'] as const) {
    test(`${width} px, ${colorScheme}: nothing is too wide and axe finds nothing in maps and warnings`, async ({ ui, page }) => {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await ui.open();
      if (width < 761) await ui.pane('JSON');
      const lost = { id: 'lost', type: 'PromptNode', data: { template: 'A {{ input }}' } };
      await ui.write(mapOf(30).replace('"nodes": [', `"nodes": [${JSON.stringify(lost)},`));
      await expect(page.getByRole('region', { name: 'Warnings' })).toBeVisible();
      const clean = async (state: string) => {
        expect(await ui.overflow(), state).toBe(0);
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(
          violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`),
          state,
        ).toEqual([]);
      };
      await clean('warning');
      await ui.run.click();
      await ui.ended('Completed');
      await page.getByRole('button', { name: '30 inner steps of each' }).click();
      await clean('unfolded');
    });
  }
}
