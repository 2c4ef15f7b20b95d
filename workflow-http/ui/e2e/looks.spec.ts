import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from './page';

for (const width of [400, 1280]) {
  for (const colorScheme of ['dark', 'light'] as const) {
    test.describe(`${width} px, ${colorScheme}`, () => {
      test.use({ viewport: { width, height: 800 }, colorScheme, reducedMotion: 'reduce' });

      test('nothing is too wide and axe finds nothing', async ({ ui, page }) => {
        test.setTimeout(60_000);
        const clean = async (state: string) => {
          expect(await ui.overflow(), state).toBe(0);
          const { violations } = await new AxeBuilder({ page }).analyze();
          expect(
            violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`),
            state,
          ).toEqual([]);
        };
        await ui.open();
        await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme);
        await clean('first visit');
        await ui.run.click();
        await expect(ui.cancel).toBeVisible();
        await clean('running');
        await ui.ended('Completed');
        await clean('completed');
        if (width < 761) {
          await ui.pane('Log');
          await clean('log');
          await ui.pane('JSON');
        }
        await ui.write('{ "nodes": [ { "id": "a", "type": "Nothing" }, { "id": "b", "type": "LMNode" } ] }');
        await expect(ui.run).toBeDisabled();
        await expect(page.getByRole('button', { name: 'Fix: LMNode becomes LLMNode' })).toBeVisible();
        await clean('faulty');
      });
    });
  }
}

test('the theme is chosen by button and kept', async ({ ui, page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await ui.open();
  await page.getByRole('button', { name: 'Switch between light and dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
});

test('the first Tab skips to the steps', async ({ page }) => {
  await page.goto('./#/new');
  const skip = page.getByRole('link', { name: 'Skip to the steps' });
  await expect(skip).toBeAttached();
  await page.keyboard.press('Tab');
  await expect(skip).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#steps')).toBeFocused();
});
