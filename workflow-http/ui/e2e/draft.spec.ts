import { expect, test } from './page';

const OTHER = `{ "name": "Other", "nodes": [ { "id": "other", "type": "PromptNode", "data": { "template": "Say {{input}}" } } ] }`;

test('a reload keeps what was written', async ({ ui, page }) => {
  await ui.open();
  await ui.write(OTHER);
  await ui.fill('Tides');
  await expect(page.getByText('Not saved')).toBeVisible();
  await page.reload();
  await expect(ui.editor).toContainText('"other"');
  await ui.show('Input');
  await expect(ui.input).toHaveValue('Tides');
});

test('a run does not silently replace what was written beside it', async ({ ui, page }) => {
  await ui.open();
  await ui.run.click();
  await ui.ended('Completed');
  await ui.write(OTHER);
  await ui.fill('Tides');
  await page.reload();
  await ui.ended('Completed');
  await expect(page.getByText('Your edits are kept')).toBeVisible();
  await expect(ui.editor).toContainText('"other"');
  await ui.show('Input');
  await expect(ui.input).toHaveValue('Tides');
  await page.getByRole('button', { name: "Show the run's text and input" }).click();
  await expect(ui.editor).toContainText('"llm_step"');
  await ui.show('Input');
  await expect(ui.input).toHaveValue('Quantum Computing');
  await expect(page.getByText(/^v\d+Saved$/)).toBeVisible();
});

test('after a restart of the server the run is gone, and the text is not', async ({ ui, page }) => {
  await ui.open();
  await ui.write(OTHER);
  await ui.run.click();
  await ui.ended('Completed');
  const forgotten = {
    status: 404,
    contentType: 'application/problem+json',
    body: JSON.stringify({ status: 404, code: 'unknown_run', detail: 'there is no such run' }),
  };
  let isForgotten = true;
  await page.route('**/api/runs/*/events', (route) => (isForgotten ? route.fulfill(forgotten) : route.continue()));
  await page.reload();
  await expect(page.getByText('The server was restarted and does not store runs.')).toBeVisible();
  await expect(page.getByText('Not saved')).toBeVisible();
  await expect(ui.editor).toContainText('"other"');
  isForgotten = false;
  await ui.run.click();
  await ui.ended('Completed');
  await expect(page.getByText(/^v\d+Saved$/)).toBeVisible();
});

test('a workflow that the server has forgotten is saved again, once', async ({ ui, page }) => {
  await ui.open();
  await ui.run.click();
  await ui.ended('Completed');
  let saved = 0;
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/api/workflows')) saved += 1;
  });
  let refused = 0;
  await page.route('**/api/workflows/*/runs', (route) =>
    refused++ === 0
      ? route.fulfill({ status: 404, contentType: 'application/problem+json', body: '{"detail":"there is no such workflow"}' })
      : route.continue(),
  );
  const address = page.url();
  await ui.run.click();
  await expect(page).not.toHaveURL(address);
  await ui.ended('Completed');
  expect(saved).toBe(1);
});
