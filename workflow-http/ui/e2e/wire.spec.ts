// What a visit costs on the wire, in the bytes that the browser counts.
import { expect, test } from './page';

interface Loaded {
  path: string;
  bytes: number;
  coding: string | undefined;
  status: number;
}

test('a first visit costs no more than the budget, and a second one asks only whether anything changed', async ({ page, context }) => {
  const client = await context.newCDPSession(page);
  await client.send('Network.enable');
  const asked = new Map<string, Loaded>();
  let isSecond = false;
  client.on('Network.responseReceived', ({ requestId, response }) => {
    const coding = Object.entries(response.headers).find(([name]) => name.toLowerCase() === 'content-encoding')?.[1];
    asked.set(requestId, { path: new URL(response.url).pathname, bytes: 0, coding, status: response.status });
  });
  client.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) => {
    const one = asked.get(requestId);
    // A response from the cache says what was cached; this says what was sent.
    if (one && isSecond) one.status = statusCode;
  });
  client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const one = asked.get(requestId);
    if (one) one.bytes = encodedDataLength;
  });
  const files = () => [...asked.values()].filter(({ path }) => /\/(?:|index\.html|theme\.js|assets\/.*)$/.test(path));
  const sum = (ext: RegExp) => files().reduce((sum, { path, bytes }) => sum + (ext.test(path) ? bytes : 0), 0);

  await page.goto('./#/new');
  await expect(page.getByRole('textbox', { name: 'Workflow as JSON' })).toBeVisible();
  await expect(page.locator('[data-card]')).toHaveCount(2);
  // Everything of a first visit but for what is asked for later: history, help, Markdown.
  expect(sum(/\.js$/)).toBeLessThanOrEqual(255_000);
  expect(sum(/\.js$/)).toBeGreaterThan(100_000);
  expect(sum(/(?:app|shared|rolldown-runtime)\.js$/)).toBeLessThanOrEqual(96_000);
  expect(sum(/\.css$/)).toBeLessThanOrEqual(16_000);
  expect(
    files()
      .filter(({ path, coding }) => /\.(?:js|css)$/.test(path) && !/theme|runtime/.test(path) && !/^(?:br|gzip)$/.test(coding ?? ''))
      .map(({ path }) => path),
  ).toEqual([]);

  asked.clear();
  isSecond = true;
  await page.reload();
  await expect(page.locator('[data-card]')).toHaveCount(2);
  expect(sum(/./), 'unchanged files are not sent again').toBeLessThanOrEqual(16_000);
});

test('JSON is compressed, a stream is not', async ({ ui, page }) => {
  const codings = new Map<string, string | undefined>();
  page.on('response', (response) => {
    const { pathname } = new URL(response.url());
    codings.set(pathname.replace(/^.*\/api\//, ''), response.headers()['content-encoding']);
  });
  await ui.open();
  await ui.run.click();
  await ui.ended('Completed');
  const run = page.url().split('/').at(-1)!;
  expect(codings.get('node-types')).toMatch(/^(?:br|gzip)$/);
  expect(codings.has(`runs/${run}/events`)).toBe(true);
  expect(codings.get(`runs/${run}/events`)).toBeUndefined();
});
