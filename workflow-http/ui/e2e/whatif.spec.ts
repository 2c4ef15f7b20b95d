import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test, type WorkflowPage } from './page';

const TRIAGE = {
  nodes: [
    { id: 'prep', type: 'PromptNode', data: { template: 'About {{ input }}' } },
    { id: 'classify', type: 'LLMNode', data: { prompt: 'Classify {{ prep.output }}' } },
    { id: 'draft', type: 'LLMNode', data: { prompt: 'Answer {{ classify.output }}' } },
    { id: 'send', type: 'HttpNode', on_error: 'continue', retry: 1, data: { method: 'POST', url: 'https://hooks.example.com/x', json: '{{ draft.output }}' } },
  ],
};

/** A run of this workflow that has ended, without the page. */
async function ranBefore(page: Page, spec: object = TRIAGE): Promise<string> {
  const { id: workflow } = await (await page.request.post('./api/workflows', { data: { name: `triage-${Date.now().toString(36)}`, ...spec } })).json();
  const { id } = await (await page.request.post(`./api/workflows/${workflow}/runs`, { data: { input: 'cats' } })).json();
  await expect(async () => expect((await (await page.request.get(`./api/runs/${id}`)).json()).status).toBe('completed')).toPass();
  return id;
}

async function retried(page: Page, run: string, data: object): Promise<string> {
  return (await (await page.request.post(`./api/runs/${run}/retry`, { data })).json()).id;
}

test('a run that was started with an output says so, and holds what may act until a person decides', async ({ ui, page }) => {
  const before = await ranBefore(page);
  const run = await retried(page, before, { reuse: 'unchanged', overrides: { classify: 'refund' } });
  await page.goto(`./#/runs/${run}`);
  const origin = page.getByTestId('origin');
  await expect(origin).toContainText('Continued from an earlier run, classify set to refund.');
  await expect(origin.getByRole('link', { name: 'an earlier run' })).toHaveAttribute('href', `#/runs/${before}`);

  const step = page.getByRole('article', { name: 'Step send' });
  await expect(step.getByRole('region', { name: 'Question' })).toContainText('send may act outside of it');
  await page.waitForTimeout(600);
  await step.getByRole('button', { name: 'Send answer' }).click();
  await expect(step.getByText('Choose one.')).toBeVisible();
  await step.getByRole('radio', { name: 'Complete' }).check();
  await step.getByRole('textbox', { name: 'status' }).fill('200');
  await step.getByRole('button', { name: 'Send answer' }).click();
  await ui.ended('Completed');
  await expect(step).toContainText('A person gave this output. The step was not run.');
  await page.goto(`./#/runs/${run}/steps/classify`);
  await expect(page.getByRole('article', { name: 'Step classify' })).toContainText('Set when the run was started. The step was not run.');
});

test('a run of one step names it, and the others are not selected', async ({ ui, page }) => {
  const before = await ranBefore(page);
  const run = await retried(page, before, { only: 'draft' });
  await page.goto(`./#/runs/${run}/steps/classify`);
  await ui.ended('Completed');
  await expect(page.getByTestId('origin')).toContainText('Only draft, with the results of an earlier run.');
  await expect(page.getByRole('article', { name: 'Step classify' })).toContainText('Reused from the earlier run, not run again.');
  await page.goto(`./#/runs/${run}/steps/send`);
  await expect(page.getByRole('article', { name: 'Step send' })).toContainText('The run is of another step only.');
});

test('outputs are set step by step, then the run continues with them', async ({ ui, page }) => {
  const before = await ranBefore(page);
  await page.route('**/plan', (route) => {
    const { overrides = {} } = route.request().postDataJSON();
    const counts = { reused: 7, overridden: Object.keys(overrides).length, runs: 2 };
    return route.fulfill({ json: { steps: [], counts, cost: { min: 0, likely: { usd: 0.0042 }, max: null } } });
  });
  await page.goto(`./#/runs/${before}/steps/classify`);
  await expect(page.getByRole('button', { name: 'Continue' })).toHaveAccessibleDescription('7 of 9 steps reused, 2 run, about $0.0042.');
  await page.getByRole('button', { name: 'Set output…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('textbox')).not.toBeEmpty();
  await dialog.getByRole('textbox').fill('{"kind"');
  await dialog.getByRole('button', { name: 'Set output' }).click();
  await expect(dialog.getByText('This is not JSON.')).toBeVisible();
  await dialog.getByRole('textbox').fill('refund');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.goto(`./#/runs/${before}/steps/draft`);
  await expect(page.getByRole('article', { name: 'Step draft' })).toBeVisible();
  await page.keyboard.press('o');
  await dialog.getByRole('textbox').fill('{"text": "Dear cats"}');
  await dialog.getByRole('button', { name: 'Set output' }).click();

  const next = page.getByRole('region', { name: 'Next run' });
  await expect(next).toContainText('classify is refund');
  await expect(next).toContainText('7 of 11 steps reused');
  await next.getByRole('button', { name: 'Do not set draft' }).click();
  await expect(next).not.toContainText('draft');
  await page.getByRole('button', { name: 'Run what if' }).click();
  await expect(page.getByTestId('origin')).toContainText('Continued from an earlier run, classify set to refund.');
  const held = page.getByRole('article', { name: 'Step send' });
  await page.waitForTimeout(600);
  await held.getByRole('radio', { name: 'Stop' }).check();
  await held.getByRole('button', { name: 'Send answer' }).click();
  await ui.ended('Completed');
  await expect(held).toContainText('effect_refused');
});

test('a step is run alone with the results before it', async ({ ui, page }) => {
  const before = await ranBefore(page);
  await page.goto(`./#/runs/${before}/steps/draft`);
  await page.getByRole('button', { name: 'Run only this' }).click();
  await expect(page.getByTestId('origin')).toContainText('Only draft, with the results of an earlier run.');
  await ui.ended('Completed');
});

test('an edited text is saved and continues the run, and what was edited in the input goes with it', async ({ ui, page }) => {
  const before = await ranBefore(page);
  const asked: { spec?: unknown; input?: unknown }[] = [];
  await page.route('**/plan', (route) => {
    asked.push(route.request().postDataJSON());
    return route.continue();
  });
  await page.goto(`./#/runs/${before}`);
  await expect(page.getByRole('button', { name: 'Continue' })).toBeVisible();
  await page.getByRole('group', { name: 'View' }).getByRole('button', { name: 'JSON' }).click();
  await ui.write(JSON.stringify({ name: 'edited', ...TRIAGE }));
  await expect.poll(() => asked.at(-1)?.spec).toMatchObject({ name: 'edited' });
  await ui.show('Input');
  await ui.input.fill('dogs');
  await expect.poll(() => asked.at(-1)?.input).toBe('dogs');
  const next = page.getByRole('button', { name: 'Continue' });
  // What is not stored yet is predicted, too.
  await expect(next).toHaveAccessibleDescription(/^no step reused, 1 runs, 2 may run\. Saves your changes\.$/);
  await next.click();
  await expect(page).not.toHaveURL(new RegExp(before));
  await ui.ended('Completed');
  await expect(page.getByText('v2Saved')).toBeVisible();
  await expect(page.getByTestId('origin')).toContainText('Continued from an earlier run');
  await ui.show('Step');
  await page.goto(`${page.url().split('/steps')[0]}/steps/prep`);
  await expect(page.getByRole('article', { name: 'Step prep' })).toContainText('About dogs');
});

test('what a run costs is said where it is known, with its budget, and never as zero', async ({ ui, page }) => {
  const run = await ranBefore(page);
  const costs = new Map([
    ['classify', 0.0012],
    ['draft', 0.003],
  ]);
  await withEvents(page, run, (event) => {
    if (event.type === 'run.created') return { ...event, budget: { usd: 0.01 } };
    if (event.type === 'run.completed') return { ...event, cost: { usd: 0.0042, at_least: true } };
    const usd = event.type === 'node.completed' ? costs.get(event.path!) : undefined;
    return usd === undefined ? event : { ...event, cost: { usd } };
  });
  await page.route(`**/api/runs/${run}`, async (route) => {
    const report = await (await route.fetch()).json();
    return route.fulfill({ json: { ...report, budget: { limit: { usd: 0.01 }, spent: { usd: 0.0042 }, at_least: true, reserved: {} } } });
  });
  await page.goto(`./#/runs/${run}/steps/draft`);
  await ui.ended('Completed');
  await expect(page.getByRole('article', { name: 'Step draft' })).toContainText('out · $0.003');
  await expect(page.getByRole('contentinfo', { name: 'Status' })).toContainText('at least $0.0042');
  await expect(page.getByRole('region', { name: 'Budget' })).toContainText('at least $0.0042 spent, of $0.01');
  await ui.show('Result');
  await expect(page.getByRole('article', { name: 'Result' })).toContainText('cost at least $0.0042');
  await page.goto(`./#/runs/${run}/steps/prep`);
  await expect(page.getByRole('article', { name: 'Step prep' })).not.toContainText('$');
});

const side = (status: string, more: object = {}) => ({ status, attempts: 1, duration_ms: 312, usage: { input_tokens: 5, output_tokens: 50 }, ...more });

/** What the server would say of these two runs. */
async function compared(page: Page, a: string, b: string) {
  const recordOf = async (id: string) => (await page.request.get(`./api/runs/${id}`)).json();
  const [before, after] = [await recordOf(a), await recordOf(b)];
  const steps = [
    { path: 'prep', type: 'PromptNode', change: 'same', a: side('completed'), b: side('completed') },
    {
      path: 'classify',
      type: 'LLMNode',
      change: 'changed',
      a: side('completed', { cost: { usd: 0.0012 } }),
      b: side('completed', { attempts: 0, overridden: true }),
      output: { change: 'changed', patch: [{ op: 'replace', path: '', value: 'refund' }] },
    },
    { path: 'draft', moved_from: 'reply', type: 'LLMNode', change: 'moved', a: side('completed'), b: side('completed', { reused: true }) },
    { path: 'send', type: 'HttpNode', change: 'only_a', a: side('failed', { error: 'origin_not_allowed' }) },
  ];
  const counts = { same: 1, changed: 1, moved: 1, only_a: 1, only_b: 0 };
  const diff = { a: { run: before, cost: { usd: 0.0042 } }, b: { run: after }, input: { change: 'same' }, output: { change: 'same' }, counts, steps };
  await page.route(`**/api/runs/${a}/diff/${b}`, (route) => route.fulfill({ json: diff }));
}

test('two runs are selected in the list and compared', async ({ page }) => {
  const before = await ranBefore(page);
  const after = await retried(page, before, { reuse: 'unchanged', overrides: { classify: 'refund' } });
  await compared(page, before, after);
  await page.goto('./#/runs');
  const rows = page.getByRole('region', { name: 'Runs found' }).getByRole('listitem');
  // The newest is first, and the earlier run is the one before.
  await rows.nth(0).getByRole('checkbox').check();
  await expect(page.getByText('Select another run to compare.')).toBeVisible();
  await rows.nth(1).getByRole('checkbox').check();
  await page.getByRole('link', { name: 'Compare these 2 runs' }).click();
  await expect(page).toHaveURL(`./#/runs/${before}/diff/${after}`);
  await expect(page.getByRole('region', { name: 'Before' })).toContainText('cost $0.0042');
  await expect(page.getByRole('region', { name: 'After' })).not.toContainText('$');

  const steps = page.getByRole('region', { name: 'Steps' });
  await expect(steps.locator('[data-change]')).toHaveText([/^Changedclassify/, /^Moveddraft was reply/, /^Only beforesend/]);
  await steps.getByText('Output').click();
  await expect(steps.getByText('refund', { exact: true })).toBeVisible();
  await steps.getByRole('button', { name: 'All' }).click();
  await expect(steps.locator('[data-change]')).toHaveCount(4);
});

test('a what-if run is compared with the run that it continues', async ({ ui, page }) => {
  const before = await ranBefore(page);
  const run = await retried(page, before, { reuse: 'unchanged', overrides: { classify: 'refund' } });
  await page.goto(`./#/runs/${run}`);
  await expect(page).toHaveTitle(/^Waiting for you/);
  await ui.cancel.click();
  await ui.ended('Cancelled');
  await page.getByTestId('origin').getByRole('link', { name: 'Compare' }).click();
  await expect(page.getByText('The input is the same.')).toBeVisible();
  const classify = page.getByRole('region', { name: 'Steps' }).locator('[data-change=changed]', { hasText: 'classify' });
  await classify.getByText('Output').click();
  await expect(classify).toContainText('“Classify About cats”');
  await expect(classify.getByText('refund', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Swap' }).click();
  await expect(page).toHaveURL(`./#/runs/${run}/diff/${before}`);
  await expect(page.getByRole('region', { name: 'Before' })).toContainText('Cancelled');
});

test('a value of the run is shown under the pointer and at the cursor', async ({ ui, page }) => {
  const run = await ranBefore(page, {
    nodes: [...TRIAGE.nodes.slice(0, 2), { id: 'count', type: 'TransformNode', data: { value: '{{ classify.output | length }}' } }],
  });
  const asked: object[] = [];
  await page.route('**/evaluate', (route) => {
    asked.push(route.request().postDataJSON());
    return route.continue();
  });
  await page.goto(`./#/runs/${run}`);
  await ui.ended('Completed');
  await page.getByRole('group', { name: 'View' }).getByRole('button', { name: 'JSON' }).click();
  // The first move brings the help.
  await expect(async () => {
    for (const x of [30, 40]) await page.getByText('{{ prep.output }}').hover({ position: { x, y: 8 } });
    await expect(page.getByText('In this run')).toContainText('About cats', { timeout: 2000 });
  }).toPass();
  expect(asked).toEqual([]);
  await page.getByText('{{ classify.output | length }}').click();
  await page.mouse.move(0, 0);
  await page.keyboard.press('F2');
  await expect(page.getByText('In this run')).toContainText(/In this run\s*\d+$/);
  expect(asked).toContainEqual({ at: 'count', expression: 'classify.output | length' });
  await page.keyboard.press('Escape');
  await expect(page.getByText('In this run')).toHaveCount(0);
});

/** Each width once, and both themes. */
const LOOKS = [
  [390, 'light'],
  [1000, 'dark'],
  [1440, 'light'],
] as const;

for (const [width, colorScheme] of LOOKS) {
  test(`${width} px, ${colorScheme}: a held step fits, and axe finds nothing`, async ({ ui, page }) => {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const run = await retried(page, await ranBefore(page), { reuse: 'unchanged', overrides: { classify: 'refund' } });
    await withRequest(page, run, {
      method: 'POST',
      url: 'https://hooks.example.com/x',
      headers: { accept: 'application/json' },
      body: { text: 'Dear cats' },
    });
    await page.goto(`./#/runs/${run}`);
    const request = page.getByRole('region', { name: 'Request' });
    await expect(request).toContainText('POST https://hooks.example.com/x');
    await expect(request).toContainText('Dear cats');
    await page.getByRole('radio', { name: 'Complete' }).check();
    await isClean(ui);
  });
}

for (const [width, colorScheme] of LOOKS) {
  test(`${width} px, ${colorScheme}: a dialog, outputs that are set, a selection and a comparison fit, and axe finds nothing`, async ({ ui, page }) => {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const before = await ranBefore(page);
    const after = await retried(page, before, { only: 'draft' });
    await compared(page, before, after);
    await page.goto(`./#/runs/${before}/steps/classify`);
    await page.getByRole('button', { name: 'Set output…' }).click();
    await isClean(ui);
    await page.getByRole('dialog').getByRole('button', { name: 'Set output' }).click();
    await expect(page.getByRole('region', { name: 'Next run' })).toContainText('1 is held');
    await isClean(ui);
    await page.goto('./#/runs');
    await page.getByRole('checkbox').first().check();
    await isClean(ui);
    await page.goto(`./#/runs/${before}/diff/${after}`);
    await page.getByRole('region', { name: 'Steps' }).getByText('Output').click();
    await expect(page.getByText('refund', { exact: true })).toBeVisible();
    await isClean(ui);
  });
}

async function isClean(ui: WorkflowPage) {
  expect(await ui.overflow()).toBe(0);
  const { violations } = await new AxeBuilder({ page: ui.page }).analyze();
  expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual([]);
}

interface Event {
  seq: number;
  type: string;
  path?: string;
  kind?: string;
}

/** Once it is there: what is held has a request. */
async function withRequest(page: Page, run: string, request: object) {
  await expect(async () => expect((await eventsOf(page, run)).some(({ kind }) => kind === 'effect')).toBe(true)).toPass();
  await withEvents(page, run, (event) => (event.kind === 'effect' ? { ...event, request } : event));
}

/** Each event of the run until now, changed. */
async function withEvents(page: Page, run: string, change: (event: Event) => Event) {
  const events = (await eventsOf(page, run)).map(change);
  await page.route(`**/api/runs/${run}/events**`, (route) =>
    route.request().headers().accept?.includes('json')
      ? route.fulfill({ json: { items: [], next_cursor: null } })
      : route.fulfill({ contentType: 'text/event-stream', body: events.map((event) => `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`).join('') }),
  );
}

const eventsOf = async (page: Page, run: string): Promise<Event[]> =>
  (await (await page.request.get(`./api/runs/${run}/events?limit=200`, { headers: { accept: 'application/json' } })).json()).items;
