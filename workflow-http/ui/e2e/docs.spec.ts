import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from './page';

for (const width of [400, 1280]) {
  for (const colorScheme of ['dark', 'light'] as const) {
    test.describe(`documentation, ${width} px, ${colorScheme}`, () => {
      test.use({ viewport: { width, height: 800 }, colorScheme });

      for (const path of ['docs', 'docs/tutorial', 'docs/language', 'docs/api']) {
        test(`${path}: nothing is too wide and axe finds nothing`, async ({ page }) => {
          test.setTimeout(240_000); // long pages: axe takes 20 s, and much more on a busy machine
          await page.goto(path);
          await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          expect(overflow).toBeLessThanOrEqual(0);
          const { violations } = await new AxeBuilder({ page }).analyze();
          expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual([]);
        });
      }
    });
  }
}

test('the page leads to it', async ({ page }) => {
  await page.goto('./');
  await page.getByRole('link', { name: 'API reference' }).click();
  await expect(page).toHaveURL(/\/docs\/api$/);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
});

test('a fault and a step lead to what they mean', async ({ ui, page }) => {
  await ui.open();
  await ui.write('{"nodes": [{"id": "a", "type": "PromptNode", "data": {"template": "{{ b.output }}"}}]}');
  const opened = page.waitForEvent('popup');
  await page.getByRole('link', { name: 'unknown_reference' }).click();
  const language = await opened;
  await expect(language.locator('#faults-unknown_reference')).toBeInViewport();
});
