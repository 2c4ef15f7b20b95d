import { expect, test } from './page';
import { Server } from './server';

const ASK = { name: 'ask', nodes: [{ id: 'ask', type: 'HumanNode', data: { message: 'Go on?', schema: { type: 'boolean' } } }] };

test('seven tabs on runs that wait: the seventh loads, is answered, and the others hear of theirs', async ({ page, context }) => {
  test.setTimeout(90_000);
  const { id } = (await (await page.request.post('./api/workflows', { data: ASK })).json()) as { id: string };
  const pages = [page];
  for (let tab = 0; tab < 7; tab += 1) {
    const run = (await (await page.request.post(`./api/workflows/${id}/runs`, { data: { input: null } })).json()) as { id: string };
    const here = tab === 0 ? page : await context.newPage();
    if (tab > 0) pages.push(here);
    await here.goto(`./#/runs/${run.id}`);
    await expect(here).toHaveTitle(/^Waiting for you/, { timeout: 30_000 });
  }
  for (const here of [pages[6]!, pages[0]!]) {
    await here.getByRole('radio', { name: 'Yes' }).check();
    await here.getByRole('button', { name: 'Send answer' }).click();
    await expect(here).toHaveTitle(/^Completed/, { timeout: 30_000 });
  }
});

test('a tab that is hidden holds no stream, and shows what it missed when it is seen', async ({ ui, page }) => {
  await page.addInitScript(() => {
    let state = 'visible';
    Object.defineProperty(document, 'visibilityState', { get: () => state });
    Object.assign(window, {
      look: (to: string) => {
        state = to;
        document.dispatchEvent(new Event('visibilitychange'));
      },
    });
  });
  const look = (to: 'visible' | 'hidden') => page.evaluate((to) => (window as unknown as { look: (to: string) => void }).look(to), to);
  let held = 0;
  page.on('request', (request) => (held += request.headers().accept === 'text/event-stream' ? 1 : 0));
  const over = (request: { headers: () => Record<string, string | undefined> }) => (held -= request.headers().accept === 'text/event-stream' ? 1 : 0);
  page.on('requestfinished', over);
  page.on('requestfailed', over);
  await ui.open();
  await ui.fill('Explain tides at length. '.repeat(40));
  await ui.run.click();
  await expect(ui.spoken).not.toBeEmpty();
  expect(held).toBe(1);
  await look('hidden');
  await expect.poll(() => held, { timeout: 6000 }).toBe(0);
  await look('visible');
  await ui.ended('Completed');
});

test('a server that stalls is noticed within 10 s, and nothing is claimed about the run', async ({ ui, page }) => {
  test.setTimeout(60_000);
  const server = new Server('--memory', '--simulate-pace', '150ms');
  try {
    await server.start();
    await page.goto(`${server.url}#/new`);
    await ui.list();
    await ui.run.click();
    await expect(ui.spoken).not.toBeEmpty();
    server.stall();
    await expect(page.getByText('The server does not answer. Whether the run continues is not known.')).toBeVisible({ timeout: 10_000 });
    server.unstall();
    await ui.ended('Completed');
    await expect(page.getByText('Connected')).toBeVisible();
    server.stall();
    await page.goto(`${server.url}#/runs`).catch(() => undefined);
    await expect(page.getByText('The server does not answer.')).toBeVisible({ timeout: 10_500 });
    server.unstall();
    await expect(page.getByText('Connected')).toBeVisible({ timeout: 10_000 });
  } finally {
    server.unstall();
    await server.kill();
  }
});

test('being offline is said, and the page tries again when it is online', async ({ ui, page, context }) => {
  await ui.open();
  await expect(page.getByText('Connected')).toBeVisible();
  await context.setOffline(true);
  await expect(page.getByText('You are offline.')).toBeVisible({ timeout: 10_000 });
  await context.setOffline(false);
  await expect(page.getByText('Connected')).toBeVisible({ timeout: 3000 });
});

test('the status line names the instance, if there are several', async ({ page }) => {
  await page.route('**/api/node-types', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), instance: 'flows-7c', instances: 3 } });
  });
  await page.goto('./');
  await expect(page.getByRole('contentinfo', { name: 'Status' })).toContainText('Connected to flows-7c');
});
