import { expect, test, type WorkflowPage } from './page';
import type { Page } from '@playwright/test';

const workflow = (name: string, more: object = {}) => ({
  name,
  ...more,
  nodes: [{ id: 'say', type: 'PromptNode', data: { template: `${name}: {{ input }}` } }],
});

async function create(page: Page, spec: object): Promise<string> {
  const answer = await page.request.post('./api/workflows', { data: spec });
  return ((await answer.json()) as { id: string }).id;
}

async function versionOf(page: Page, id: string): Promise<number> {
  return ((await (await page.request.get(`./api/workflows/${id}`)).json()) as { version: number }).version;
}

const shows = (ui: WorkflowPage, name: string) => expect(ui.page.getByRole('heading', { level: 1, name })).toBeVisible();

test('what is saved at the address of a new workflow never replaces a stored one', async ({ ui, page }) => {
  const other = await create(page, workflow('stored-one'));
  await page.goto('./');
  await expect(page.getByRole('button', { name: 'Run it: explain-simply' })).toBeVisible();
  await page.keyboard.press('n');
  await shows(ui, 'new-workflow');
  await page.goto(`./#/workflows/${other}`);
  await shows(ui, 'stored-one');
  await page.goBack();
  await expect(page).toHaveURL(/#\/new$/);
  await shows(ui, 'new-workflow');
  await ui.write(JSON.stringify(workflow('written-after-back')));
  await page.keyboard.press('ControlOrMeta+s');
  await expect(page).toHaveURL(/#\/workflows\//);
  await shows(ui, 'written-after-back');
  expect(await versionOf(page, other)).toBe(1);
  expect(page.url()).not.toContain(other);
});

test('a new workflow that was left comes back with its input, also over a reload', async ({ ui, page }) => {
  const other = await create(page, workflow('stored-two'));
  await ui.open();
  await ui.write(JSON.stringify(workflow('mine')));
  await ui.fill('my input');
  await page.goto(`./#/workflows/${other}`);
  await shows(ui, 'stored-two');
  await expect(page.getByText('Your unsaved text was put aside.')).toBeVisible();
  await expect(ui.input).toHaveValue('');
  await ui.fill('their input');
  await page.reload();
  await shows(ui, 'stored-two');
  await page.goto('./#/new');
  await shows(ui, 'mine');
  await expect(ui.input).toHaveValue('my input');
  await page.goto(`./#/workflows/${other}`);
  await shows(ui, 'stored-two');
  await expect(ui.input).toHaveValue('their input');
});

test('the way back from the first run of a new workflow leads to that workflow', async ({ ui, page }) => {
  await ui.open();
  await ui.write(JSON.stringify(workflow('run-first')));
  await ui.run.click();
  await ui.ended('Completed');
  await page.goBack();
  await expect(page).toHaveURL(/#\/workflows\/[^/]+$/);
  await shows(ui, 'run-first');
});

test('an input is never carried into a workflow with another schema', async ({ ui, page }) => {
  const ticket = await create(
    page,
    workflow('ticket', { input: { type: 'object', required: ['text'], properties: { text: { type: 'string', title: 'Ticket' } } } }),
  );
  const count = await create(page, workflow('count', { input: { type: 'object', required: ['n'], properties: { n: { type: 'integer', title: 'Number' } } } }));
  const form = page.getByRole('region', { name: 'Input', exact: true });
  await page.goto(`./#/workflows/${ticket}`);
  await form.getByRole('textbox', { name: 'Ticket' }).fill('Help');
  await page.goto(`./#/workflows/${count}`);
  await form.getByRole('textbox', { name: 'Number' }).fill('7');
  await ui.run.click();
  await ui.ended('Completed');
  await page.goto(`./#/workflows/${ticket}`);
  await expect(form.getByRole('textbox', { name: 'Ticket' })).toHaveValue('Help');
  await page.goBack();
  await ui.ended('Completed');
  await ui.show('Input');
  await expect(form.getByRole('textbox', { name: 'Number' })).toHaveValue('7');
});

test('an input can always be switched between form, JSON and text', async ({ ui, page }) => {
  const sent: unknown[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/runs') && request.method() === 'POST') sent.push((request.postDataJSON() as { input: unknown }).input);
  });
  const id = await create(page, workflow('switch', { input: { type: 'object', properties: { text: { type: 'string', title: 'Ticket' } } } }));
  await page.goto(`./#/workflows/${id}`);
  const form = page.getByRole('region', { name: 'Input', exact: true });
  const as = (kind: string) => form.getByRole('group', { name: 'Send as' }).getByRole('button', { name: kind }).click();
  await as('Text');
  await ui.input.fill('plain words');
  await as('JSON');
  await expect(form).toContainText('Not JSON at line 1, column 1');
  await ui.run.click();
  await expect(page.getByRole('alert')).toContainText('Not JSON');
  expect(sent).toEqual([]);
  await ui.input.fill('{"text": "a", "more": 1}');
  await as('Form');
  await expect(form.getByRole('textbox', { name: 'Ticket' })).toHaveValue('a');
  await form.getByRole('button', { name: 'Restore it' }).click();
  await expect(ui.input).toHaveValue('{"text": "a", "more": 1}');
  await as('Form');
  await ui.run.click();
  await ui.ended('Completed');
  expect(sent).toEqual([{ text: 'a' }]);
});

test('an input that is a number is filled in as one', async ({ ui, page }) => {
  const sent: unknown[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/runs') && request.method() === 'POST') sent.push((request.postDataJSON() as { input: unknown }).input);
  });
  const id = await create(page, workflow('number', { input: { type: 'integer' } }));
  await page.goto(`./#/workflows/${id}`);
  await page.getByRole('region', { name: 'Input', exact: true }).getByRole('textbox').fill('7');
  await ui.run.click();
  await ui.ended('Completed');
  expect(sent).toEqual([7]);
});

test('a workflow that is opened takes an input and runs once it is there', async ({ ui, page }) => {
  const id = await create(page, workflow('late', { input: { type: 'integer' } }));
  let answer = () => {};
  const asked = new Promise<void>((resolve) => (answer = resolve));
  await page.route(`**/api/workflows/${id}`, async (route) => {
    await asked;
    await route.continue();
  });
  await page.goto(`./#/workflows/${id}`);
  const input = page.getByRole('region', { name: 'Input', exact: true }).getByRole('textbox').first();
  // What is shown until then is another workflow.
  await expect(input).toBeDisabled();
  await expect(ui.run).toBeDisabled();
  await expect(ui.run).toHaveAccessibleDescription('Loading the workflow.');
  answer();
  await input.fill('7');
  await ui.run.click();
  await ui.ended('Completed');
  await expect(page.getByText('late: 7').first()).toBeVisible();

  // If it cannot be loaded, what was shown before can be used again.
  await page.goto('./#/workflows/01890000-0000-7000-8000-000000000000');
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(ui.run).toBeEnabled();
});

for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
  test(`a step named ${name} is shown, run and chosen like any other`, async ({ ui, page }) => {
    await ui.open();
    await ui.write(
      JSON.stringify({
        name: `of ${name}`,
        nodes: [{ id: name, type: 'MapNode', data: { over: '[1, 2]', nodes: [{ id: name, type: 'PromptNode', data: { template: 'a {{ item }}' } }] } }],
      }),
    );
    await ui.run.click();
    await ui.ended('Completed');
    await ui.step(`inner steps of ${name}`).first().waitFor();
    await ui.step(`item 1 ${name}`).click();
    await expect(page.getByRole('article', { name: `Step ${name}/1/${name}` })).toContainText('a 2');
    await expect(page.getByRole('tree', { name: 'Steps over time' })).toContainText(name);
    await page.getByRole('button', { name: 'Steps as a graph' }).click();
    await expect(page.locator(`[data-card="${name}"]`)).toBeVisible();
    await page.reload();
    await ui.ended('Completed');
    await expect(page.getByRole('article', { name: `Step ${name}/1/${name}` })).toContainText('a 2');
  });
}

test('an emptied editor draws nothing, and a fenced workflow is pasted without its fence', async ({ ui, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('./#/new');
  await expect(page.locator('[data-card]')).toHaveCount(2);
  await ui.write(' ');
  await expect(page.locator('[data-card]')).toHaveCount(0);
  await expect(page.getByText('Drawn from what can be read so far.')).toHaveCount(0);
  await page.evaluate(() =>
    navigator.clipboard.writeText(
      '\uFEFF```json\n{ "name": "fenced", "nodes": [{ "id": "a", "type": "PromptNode", "data": { "template": "x {{ input }}" } }] }\n```',
    ),
  );
  await ui.editor.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('ControlOrMeta+v');
  await shows(ui, 'fenced');
  await expect(ui.run).toBeEnabled();
  await ui.write('```json');
  await expect(page.getByRole('region', { name: 'Faults' })).toContainText('Markdown fence');
});
