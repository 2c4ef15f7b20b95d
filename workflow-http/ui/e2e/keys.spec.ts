import { expect, test } from './page';

test('keys work unless a person is typing', async ({ ui, page }) => {
  await page.goto('./');
  await expect(page.getByRole('heading', { name: 'Write a workflow as JSON. Watch it run.' })).toBeVisible();
  await page.keyboard.press('n');
  await expect(page).toHaveURL(/#\/new$/);
  await expect(ui.editor).toBeVisible();
  await page.keyboard.press('g');
  await expect(ui.editor).toBeHidden();
  await page.keyboard.press('j');
  await expect(ui.editor).toBeVisible();
  await expect(page.getByRole('region', { name: 'Graph' })).toBeHidden();
  await page.keyboard.press('b');
  await expect(page.getByRole('region', { name: 'Graph' })).toBeVisible();

  await ui.editor.click();
  await page.keyboard.type('?g');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(ui.editor).toContainText('?g');
});

test('the keys are listed, and the focus comes back', async ({ page }) => {
  await page.goto('./');
  const help = page.getByRole('button', { name: 'Keys' });
  await help.click();
  const dialog = page.getByRole('dialog', { name: 'Keys' });
  await expect(dialog).toContainText('Cancel the run');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(help).toBeFocused();
  await page.keyboard.press('?');
  await expect(dialog).toBeVisible();
});

test('up and down go from step to step', async ({ ui, page }) => {
  await page.goto('./#/new');
  await ui.run.click();
  await ui.ended('Completed');
  await ui.run.blur();
  await page.keyboard.press('ArrowUp');
  await expect(page.getByRole('article', { name: 'Step prompt_step' })).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('article', { name: 'Step llm_step' })).toBeVisible();
});

test('the panes below are as high as they are made', async ({ ui, page }) => {
  await ui.open();
  await ui.run.click();
  await ui.ended('Completed');
  const divider = page.getByRole('separator', { name: 'Height of the panes below' });
  const heightOf = async () => (await page.getByRole('region', { name: 'Log', exact: true }).boundingBox())!.height;
  const before = await heightOf();
  await divider.focus();
  await page.keyboard.press('ArrowUp');
  await expect.poll(heightOf).toBeGreaterThan(before);
  const after = await heightOf();
  await page.reload();
  await ui.ended('Completed');
  await expect.poll(heightOf).toBe(after);
});

const FAILS = JSON.stringify(
  {
    nodes: [
      { id: 'each', type: 'MapNode', data: { over: 'range(3) | list', nodes: [{ id: 'sum', type: 'PromptNode', data: { template: 'Item {{ item }}' } }] } },
      { id: 'ask', type: 'LLMNode', needs: ['each'], data: { prompt: '[[400]] {{ input }}' } },
    ],
  },
  null,
  2,
);

test('[ and ] go from item to item, r retries', async ({ ui, page }) => {
  await ui.open();
  await ui.write(FAILS);
  await expect(ui.run).toBeEnabled();
  await ui.run.click();
  await ui.ended('Failed');
  await ui.step('item 1 sum').click();
  await page.keyboard.press(']');
  await expect(page.getByRole('article', { name: 'Step each/2/sum' })).toBeVisible();
  await page.keyboard.press('[');
  await page.keyboard.press('[');
  await expect(page.getByRole('article', { name: 'Step each/0/sum' })).toBeVisible();

  const failed = page.url().replace(/\/steps.*/, '');
  await ui.step('ask').click();
  await page.keyboard.press('r');
  await expect(page).not.toHaveURL(new RegExp(failed));
  await expect(page).toHaveURL(/#\/runs\//);
  await ui.ended('Failed');
});

test('e follows the text again', async ({ ui, page, slow }) => {
  await page.setViewportSize({ width: 1280, height: 400 });
  await ui.open(slow.url);
  await ui.write(JSON.stringify({ nodes: [{ id: 'say', type: 'LLMNode', data: { prompt: '{{ input }} 😀'.repeat(30) } }] }, null, 2));
  await ui.run.click();
  const detail = page.locator('[data-detail]');
  await expect.poll(() => detail.evaluate((box) => box.scrollHeight - box.clientHeight)).toBeGreaterThan(60);
  await detail.hover();
  await page.mouse.wheel(0, -400);
  const follow = page.getByTestId('follow');
  await expect(follow).toHaveAttribute('aria-pressed', 'false');
  await page.keyboard.press('e');
  await expect(follow).toHaveAttribute('aria-pressed', 'true');
});

test('/ searches all runs', async ({ page }) => {
  await page.goto('./');
  await expect(page.getByRole('button', { name: 'Run it: support-triage' })).toBeVisible();
  await page.keyboard.press('/');
  await expect(page).toHaveURL(/#\/runs$/);
  const search = page.getByRole('searchbox', { name: 'Search runs' });
  await expect(search).toBeFocused();
  await page.keyboard.type('/n?');
  await expect(search).toHaveValue('/n?');
});

test('F8 goes from fault to fault, also from outside the text', async ({ ui, page }) => {
  await ui.open();
  await ui.write('{ "nodes": [\n  { "id": "a", "type": "Nope" },\n  { "id": "b", "type": "Other" }\n] }');
  await expect(page.getByText('Fix 2 faults to run.').first()).toBeVisible();
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  const line = page.locator('.cm-lens');
  await page.keyboard.press('F8');
  await expect(ui.editor).toBeFocused();
  await expect(line).toContainText('Nope is not a node type');
  await page.keyboard.press('F8');
  await expect(line).toContainText('Other is not a node type');
});

test('a cancel that comes before the run has begun is not forgotten', async ({ ui, page }) => {
  await ui.open();
  let begin = () => {};
  const isPressed = new Promise<void>((resolve) => (begin = resolve));
  await page.route('**/api/workflows/*/runs', async (route) => {
    await isPressed;
    await route.continue();
  });
  await ui.editor.click();
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.keyboard.press('ControlOrMeta+.');
  begin();
  await ui.ended('Cancelled');
});

test('from an empty page to a result with the keyboard alone', async ({ ui, page }) => {
  await page.goto('./');
  await expect(page.getByRole('button', { name: 'Run it: support-triage' })).toBeVisible();
  await page.keyboard.press('n');
  await expect(page).toHaveURL(/#\/new$/);
  // The page may still be bringing what it is made of.
  const tabTo = async (isThere: () => Promise<boolean>) => {
    for (let presses = 0; presses < 300; presses += 1) {
      if (await isThere()) return;
      await page.keyboard.press('Tab');
    }
    throw new Error('Tab does not lead there');
  };
  const isEditor = () => ui.editor.evaluate((element) => (element.getRootNode() as ShadowRoot).activeElement === element);
  const isFocused = (name: string) =>
    page.evaluate((name) => document.activeElement?.getAttribute('aria-label') === name || document.activeElement?.textContent === name, name);
  await expect(ui.editor).toBeVisible();
  await tabTo(isEditor);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText('{ "name": "by-hand", "nodes": [ { "id": "say", "type": "PromptNode", "data": { "template": "Say {{ input }}" } } ] }');
  await expect(ui.run).toBeEnabled();
  await page.keyboard.press('ControlOrMeta+s');
  await expect(page.getByText('v1Saved')).toBeVisible();
  await page.keyboard.press('ControlOrMeta+Enter');
  await ui.ended('Completed');
  await page.keyboard.press('Escape');
  expect(await isEditor()).toBe(false);
  await tabTo(() => isFocused('Result'));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('article', { name: 'Result' })).toContainText('Say Quantum Computing');
});
