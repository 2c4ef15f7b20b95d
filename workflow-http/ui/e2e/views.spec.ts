import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from './page';

for (const width of [390, 900, 1200, 1440]) {
  for (const colorScheme of ['dark', 'light'] as const) {
    test(`${width} px, ${colorScheme}: nothing is too wide and axe finds nothing in any view`, async ({ ui, page }) => {
      test.setTimeout(90_000);
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const clean = async (state: string) => {
        expect(await ui.overflow(), state).toBe(0);
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(
          violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`),
          state,
        ).toEqual([]);
      };
      await page.goto('./');
      await expect(page.getByRole('button', { name: 'Run it: summarise-many' })).toBeVisible();
      await clean('start');
      await page.getByRole('button', { name: 'Run it: summarise-many' }).click();
      await expect(ui.cancel).toBeVisible();
      await expect(ui.spoken).not.toBeEmpty();
      await clean('running');
      await ui.cancel.click();
      await ui.ended('Cancelled');
      await clean('cancelled');
      if (width < 761) {
        for (const pane of ['JSON', 'Log', 'Runs']) {
          await ui.pane(pane);
          await clean(pane);
        }
      } else {
        if (width < 1101) await page.getByRole('button', { name: 'Workflows and runs' }).click();
        else await page.keyboard.press('b');
        await clean('both, or the drawer');
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: 'Keys' }).click();
        await clean('keys');
        await page.keyboard.press('Escape');
      }
      await page.goto('./#/runs');
      await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible();
      await clean('all runs');
    });
  }
}
