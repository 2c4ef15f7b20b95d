import { expect, test } from './page';

test('a run shows its steps, its text as it grows, and how it ended', async ({ ui, page }) => {
  await page.addInitScript(() => {
    const lengths: number[] = [];
    Object.assign(window, { lengths });
    const look = () => {
      const length = document.querySelector('[data-testid=spoken]')?.textContent?.length ?? 0;
      if (length > 0 && length !== lengths.at(-1)) lengths.push(length);
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await ui.open();
  await ui.run.click();
  await expect(page).toHaveURL(/#\/runs\/.+/);
  await ui.ended('Completed');

  await expect(ui.step('prompt_step')).toContainText('Completed');
  await expect(ui.step('llm_step')).toContainText('Completed');
  await expect(ui.spoken).not.toBeEmpty();
  const lengths = await page.evaluate(() => (window as unknown as { lengths: number[] }).lengths);
  expect(lengths.length).toBeGreaterThan(3);
  expect(lengths).toEqual([...lengths].sort((a, b) => a - b));

  await expect(ui.log).toContainText('[llm_step] COMPLETED');
  await expect(ui.log).toContainText('run COMPLETED');
  await expect(page.getByTestId('announced')).toContainText('run completed.');
  await ui.step('prompt_step').click();
  await expect(page.getByRole('article', { name: 'Step prompt_step' })).toContainText('Explain this concept in one simple sentence: Quantum Computing');
  await page.getByRole('button', { name: 'Result' }).click();
  await expect(page.getByRole('article', { name: 'Result' })).toContainText('Completed');
});

test('Ctrl+Enter runs from inside the editor and changes nothing there', async ({ ui, page }) => {
  await ui.open();
  await ui.editor.click();
  const before = await ui.editor.innerText();
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect(page).toHaveURL(/#\/runs\/.+/);
  await ui.ended('Completed');
  expect(await ui.editor.innerText()).toBe(before);
});

test('the same text is saved once', async ({ ui, page }) => {
  let saved = 0;
  page.on('request', (request) => {
    if (request.method() === 'POST' && new URL(request.url()).pathname.endsWith('/api/workflows')) saved += 1;
  });
  await ui.open();
  for (const input of ['one', 'two']) {
    await ui.fill(input);
    await ui.run.click();
    await ui.ended('Completed');
  }
  expect(saved).toBe(1);
});

test('a run can be cancelled, by button and by key', async ({ ui, page }) => {
  await ui.open();
  await ui.run.click();
  await ui.cancel.click();
  await ui.ended('Cancelled');
  await expect(ui.log).toContainText('run CANCELLED');

  await ui.run.click();
  await expect(ui.cancel).toBeVisible();
  // The log is the new run's, so the key means that one.
  await expect(ui.log).not.toContainText('run CANCELLED');
  await expect(ui.log).toContainText('run RUNNING');
  await page.keyboard.press('ControlOrMeta+.');
  await ui.ended('Cancelled');
});

test('the focus stays on the one button while it is Run, then Cancel, then Run', async ({ ui, page }) => {
  await ui.open();
  await ui.run.focus();
  await page.keyboard.press('Enter');
  await expect(ui.cancel).toBeFocused();
  await page.keyboard.press('Enter');
  await ui.ended('Cancelled');
  await expect(ui.run).toBeFocused();
});

test('reloaded in the middle, the page shows the same run to its end', async ({ ui, page, slow }) => {
  await ui.open(slow.url);
  await ui.fill('Tides');
  await ui.run.click();
  await expect(ui.spoken).not.toBeEmpty();
  const address = page.url();
  await page.reload();
  expect(page.url()).toBe(address);
  // A run that is loaded, or ends, shows its step.
  await expect(ui.spoken).not.toBeEmpty();
  await ui.show('Input');
  await expect(ui.input).toHaveValue('Tides');
  await ui.show('Step');
  await ui.ended('Completed');
  const text = await ui.spoken.innerText();

  await page.reload();
  await ui.ended('Completed');
  await expect(ui.spoken).toHaveText(text, { useInnerText: true });
  await page.getByRole('group', { name: 'View' }).getByRole('button', { name: 'JSON' }).click();
  await expect(ui.editor).toContainText('prompt_step');
});

test('a lost connection is said, and the text continues without loss or doubling', async ({ ui, page }) => {
  await ui.open();
  let cuts = 0;
  await page.route('**/api/runs/*/events', (route) => (cuts++ < 2 ? route.abort() : route.continue()));
  await ui.run.click();
  await expect(page.getByText('The server does not answer. Whether the run continues is not known.')).toBeVisible();
  await ui.ended('Completed');
  const text = await ui.spoken.innerText();
  await page.getByRole('button', { name: 'Result' }).click();
  await expect(page.getByRole('article', { name: 'Result' }).getByTestId('spoken')).toHaveText(text, { useInnerText: true });
});

test('what is typed as JSON is sent as JSON, unless it is said to be text', async ({ ui, page }) => {
  const sent: unknown[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/runs')) sent.push((request.postDataJSON() as { input: unknown }).input);
  });
  await ui.open();
  await ui.fill('{"a": 1}');
  await ui.run.click();
  await ui.ended('Completed');
  await ui.show('Input');
  await page.getByRole('group', { name: 'Send as' }).getByRole('button', { name: 'Text' }).click();
  await ui.run.click();
  await expect.poll(() => sent).toEqual([{ a: 1 }, '{"a": 1}']);
});

test('an unknown run is said to be unknown', async ({ ui, page }) => {
  await page.goto('./#/runs/00000000-0000-7000-8000-000000000000');
  await expect(page.getByText('There is no such run.')).toBeVisible();
  await page.getByRole('button', { name: 'Write a workflow' }).click();
  await expect(ui.run).toBeEnabled();
});

test('a server that is gone is said to be gone', async ({ ui, page }) => {
  await ui.open();
  await page.route('**/api/**', (route) => route.abort());
  await ui.run.click();
  await expect(page.getByRole('alert')).toContainText('The server does not answer.');
});
