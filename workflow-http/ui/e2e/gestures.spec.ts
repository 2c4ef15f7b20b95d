// The drawing is moved by mouse, wheel, trackpad and touch.
import type { CDPSession, Page } from '@playwright/test';
import { expect, test } from './page';

interface Point {
  x: number;
  y: number;
}

const card = (page: Page, path: string) => page.locator(`[data-card="${path}"]`);

const boxOf = async (page: Page, path: string) => (await card(page, path).boundingBox())!;

/** Pairs of steps, each of which needs both of the pair before: a long chain would stand in columns. */
const ladder = (length: number) =>
  JSON.stringify({
    nodes: Array.from({ length }, (_, index) => ({
      id: `n${index}`,
      type: 'PromptNode',
      needs: index < 2 ? [] : [`n${2 * Math.floor(index / 2) - 2}`, `n${2 * Math.floor(index / 2) - 1}`],
      data: { template: 'Say {{ input }}' },
    })),
  });

/** A free place in the graph, at its left, where it is also when the dock of findings opens below. */
async function ground(page: Page): Promise<Point> {
  const box = (await page.getByRole('region', { name: 'Graph' }).boundingBox())!;
  return { x: box.x + 40, y: box.y + 200 };
}

test.use({ viewport: { width: 1440, height: 900 } });

test.beforeEach(async ({ page }) => {
  await page.goto('./#/new');
  await expect(card(page, 'llm_step')).toBeVisible();
});

test('the mouse drags the drawing, from a card too, and the end of a drag chooses nothing', async ({ page }) => {
  const before = await boxOf(page, 'llm_step');
  const from = { x: before.x + before.width / 2, y: before.y + before.height / 2 };
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 60, from.y - 40, { steps: 4 });
  await page.mouse.up();
  const after = await boxOf(page, 'llm_step');
  expect(after.x - before.x).toBeCloseTo(60, 0);
  expect(after.y - before.y).toBeCloseTo(-40, 0);
  await expect(card(page, 'llm_step')).not.toHaveAttribute('aria-current', 'step');
  // A press that hardly moves is a click.
  await page.mouse.move(after.x + 90, after.y + 20);
  await page.mouse.down();
  await page.mouse.move(after.x + 91, after.y + 21);
  await page.mouse.up();
  await expect(card(page, 'llm_step')).toHaveAttribute('aria-current', 'step');
});

test('a button that is released outside the graph ends the drag', async ({ page }) => {
  const { x, y } = await ground(page);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 30, y, { steps: 3 });
  await page.mouse.move(5, 5);
  await page.mouse.up();
  const before = await boxOf(page, 'llm_step');
  await page.mouse.move(x + 200, y - 100, { steps: 3 });
  expect(await boxOf(page, 'llm_step')).toEqual(before);
});

test('the wheel moves the drawing, and with Ctrl it zooms around the pointer', async ({ page }) => {
  const before = await boxOf(page, 'prompt_step');
  await page.mouse.move(before.x + 10, before.y + 10);
  await page.mouse.wheel(0, 50);
  await expect.poll(async () => (await boxOf(page, 'prompt_step')).y - before.y).toBeCloseTo(-50, 0);
  await page.keyboard.down('Shift');
  await page.mouse.wheel(0, -30);
  await page.keyboard.up('Shift');
  await expect.poll(async () => (await boxOf(page, 'prompt_step')).x - before.x).toBeCloseTo(30, 0);

  const small = await boxOf(page, 'prompt_step');
  await page.mouse.move(small.x, small.y);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, 50);
  await page.keyboard.up('Control');
  await expect.poll(async () => (await boxOf(page, 'prompt_step')).width / small.width).toBeCloseTo(Math.SQRT1_2, 1);
  const smaller = await boxOf(page, 'prompt_step');
  expect(smaller.x).toBeCloseTo(small.x, 0);
  expect(smaller.y).toBeCloseTo(small.y, 0);
});

test('the buttons make it larger and smaller, and Fit shows all of it', async ({ ui, page }) => {
  await ui.write(ladder(40));
  await expect(card(page, 'n1')).toBeVisible();
  await expect(card(page, 'n39')).not.toBeInViewport();
  // The warnings about these steps take a part of the pane once they are found.
  await expect(page.locator('.pane-dock')).toBeVisible();
  const before = await boxOf(page, 'n0');
  await page.getByRole('button', { name: 'Larger' }).click();
  await expect.poll(async () => (await boxOf(page, 'n0')).width / before.width).toBeCloseTo(1.2, 1);
  await page.getByRole('button', { name: 'Smaller' }).click();
  await expect.poll(async () => (await boxOf(page, 'n0')).width / before.width).toBeCloseTo(1, 1);
  await page.getByRole('button', { name: 'Fit' }).click();
  await expect(card(page, 'n0')).toBeInViewport({ ratio: 0.99 });
  await expect(card(page, 'n39')).toBeInViewport({ ratio: 0.99 });
  expect((await boxOf(page, 'n0')).width / before.width).toBeGreaterThan(0.1);
});

test('what is out of sight in a large drawing comes when it is moved there', async ({ ui, page }) => {
  await ui.write(ladder(200));
  await expect(card(page, 'n0')).toBeVisible();
  await expect(card(page, 'n199')).toHaveCount(0);
  const { x, y } = await ground(page);
  await page.mouse.move(x, y);
  // The cards are equally far apart.
  const apart = (await boxOf(page, 'n2')).y - (await boxOf(page, 'n0')).y;
  await page.mouse.wheel(0, 50 * apart);
  await expect(card(page, 'n100')).toBeVisible();
  await expect(card(page, 'n0')).toHaveCount(0);
  // The keys lead back to what is chosen, wherever the drawing was moved.
  await card(page, 'n100').click();
  await page.mouse.move(x, y);
  await page.mouse.wheel(0, -20_000);
  await expect(card(page, 'n100')).not.toBeInViewport();
  await page.keyboard.press('ArrowDown');
  await expect(card(page, 'n101')).toBeFocused();
  await expect(card(page, 'n101')).toBeInViewport();
});

test.describe('touch', () => {
  test.use({ hasTouch: true });

  let touch: CDPSession;
  test.beforeEach(async ({ page }) => {
    touch = await page.context().newCDPSession(page);
  });
  interface Finger extends Point {
    id: number;
  }
  /** An end names the fingers that are lifted, or none for all of them. */
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: Finger[]) => touch.send('Input.dispatchTouchEvent', { type, touchPoints });

  test('one finger drags, and a tap chooses', async ({ page }) => {
    const before = await boxOf(page, 'llm_step');
    const from = { id: 0, x: before.x + 40, y: before.y + 20 };
    await send('touchStart', [from]);
    for (const by of [10, 30, 50]) await send('touchMove', [{ id: 0, x: from.x + by, y: from.y - by }]);
    await send('touchEnd', []);
    await expect.poll(async () => (await boxOf(page, 'llm_step')).x - before.x).toBeCloseTo(50, 0);
    expect((await boxOf(page, 'llm_step')).y - before.y).toBeCloseTo(-50, 0);
    await expect(card(page, 'llm_step')).not.toHaveAttribute('aria-current', 'step');
    // On a slow machine a tap takes so long that it is a long press, which chooses nothing.
    await expect(async () => {
      await card(page, 'llm_step').tap();
      await expect(card(page, 'llm_step')).toHaveAttribute('aria-current', 'step', { timeout: 1000 });
    }).toPass();
  });

  test('two fingers zoom around what is between them, and the one that stays drags on', async ({ page }) => {
    const before = await boxOf(page, 'prompt_step');
    const middle = { x: before.x, y: before.y };
    const apart = (by: number): Finger[] => [
      { id: 0, x: middle.x - by, y: middle.y },
      { id: 1, x: middle.x + by, y: middle.y },
    ];
    await send('touchStart', apart(100));
    for (const by of [90, 75, 60, 50]) await send('touchMove', apart(by));
    await expect.poll(async () => (await boxOf(page, 'prompt_step')).width / before.width).toBeCloseTo(0.5, 1);
    const half = await boxOf(page, 'prompt_step');
    expect(Math.abs(half.x - middle.x)).toBeLessThan(2);
    expect(Math.abs(half.y - middle.y)).toBeLessThan(2);

    const [first, second] = apart(50) as [Finger, Finger];
    await send('touchEnd', [first]);
    for (const by of [10, 40]) await send('touchMove', [{ ...second, y: second.y + by }]);
    await send('touchEnd', []);
    await expect.poll(async () => (await boxOf(page, 'prompt_step')).y - half.y).toBeCloseTo(40, 0);
    expect((await boxOf(page, 'prompt_step')).width).toBeCloseTo(half.width, 0);
    expect(await page.evaluate(() => visualViewport!.scale)).toBe(1);
  });
});
