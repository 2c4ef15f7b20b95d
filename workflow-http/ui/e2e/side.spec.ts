import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from './page';

const named = (name: string) => JSON.stringify({ name, nodes: [{ id: 'say', type: 'PromptNode', data: { template: 'Say {{ input }}' } }] }, null, 2);
const unique = (word: string) => `${word}-${Date.now().toString(36)}`;

test('an example is one press away: it is saved, run, and listed', async ({ ui, page }) => {
  await page.goto('./');
  await expect(page.getByRole('heading', { name: 'Write a workflow as JSON. Watch it run.' })).toBeVisible();
  await page.getByRole('button', { name: 'Run it: support-triage' }).click();
  await expect(page).toHaveURL(/#\/runs\/.+/);
  await ui.ended('Completed');
  const side = page.getByRole('complementary', { name: 'Workflows and runs' });
  await expect(side.getByRole('list', { name: 'Workflows' }).locator('[aria-current]')).toContainText('support-triage');
  const here = side.getByRole('list', { name: 'Runs' }).locator('[aria-current]');
  await expect(here).toContainText('I was charged twice');
  await expect(here).toContainText('Completed');
  await expect(here.locator('.strip > i').first()).toBeAttached();
});

test('a text is saved as a version, and an older one can be looked at', async ({ ui, page }) => {
  const name = unique('versions');
  await ui.open();
  await ui.write(named(name));
  await expect(ui.run).toBeEnabled();
  await page.keyboard.press('ControlOrMeta+s');
  await expect(page.getByRole('status').getByText('Saved as version 1.')).toBeVisible();
  await expect(page).toHaveURL(/#\/workflows\/.+/);
  await ui.write(named(name).replace('Say', 'Shout'));
  await expect(page.getByText('v1edited, not saved')).toBeVisible();
  await expect(ui.run).toBeEnabled();
  await page.keyboard.press('ControlOrMeta+s');
  await expect(page.getByText('v2Saved')).toBeVisible();

  await page.getByRole('button', { name: 'Versions' }).click();
  await page.getByRole('list', { name: 'Versions' }).getByRole('link', { name: 'v1' }).click();
  await expect(page.getByText('v1Saved')).toBeVisible();
  await expect(ui.editor).toContainText('Say');
  const link = page.getByRole('list', { name: 'Workflows' }).getByRole('link', { name });
  await expect(link).toContainText('v2');
});

test('a version that someone else saved is said, and neither is lost', async ({ ui, page, request }) => {
  const name = unique('conflict');
  await ui.open();
  await ui.write(named(name));
  await expect(ui.run).toBeEnabled();
  await page.keyboard.press('ControlOrMeta+s');
  await expect(page.getByText('v1Saved')).toBeVisible();
  const id = /workflows\/([^/]+)/.exec(page.url())![1]!;
  await request.put(`./api/workflows/${id}`, { data: JSON.parse(named(name).replace('Say', 'Theirs')) as object, headers: { 'if-match': '"1"' } });

  await ui.write(named(name).replace('Say', 'Mine'));
  await expect(ui.run).toBeEnabled();
  await page.keyboard.press('ControlOrMeta+s');
  await expect(page.getByRole('alert')).toContainText('Version 2 was saved while you edited.');
  await page.getByRole('button', { name: 'Save yours as 3' }).click();
  await expect(page.getByText('v3Saved')).toBeVisible();
  await expect(ui.editor).toContainText('Mine');
});

test('what was written is put aside, not lost, when another workflow is opened', async ({ ui, page, request }) => {
  const name = unique('other');
  await request.post('./api/workflows', { data: JSON.parse(named(name)) as object });
  await ui.open();
  await ui.write(named('mine'));
  await page.getByRole('list', { name: 'Workflows' }).getByRole('link', { name }).click();
  await expect(page.getByRole('heading', { name })).toBeVisible();
  await page.getByRole('button', { name: 'Restore it' }).click();
  await expect(ui.editor).toContainText('"mine"');
});

test('a workflow is deleted after a question', async ({ ui, page }) => {
  const name = unique('gone');
  await ui.open();
  await ui.write(named(name));
  await expect(ui.run).toBeEnabled();
  await page.keyboard.press('ControlOrMeta+s');
  const listed = page.getByRole('list', { name: 'Workflows' }).getByRole('link', { name });
  await expect(listed).toBeVisible();
  await page.getByRole('button', { name: 'Workflow and run' }).click();
  await page.getByRole('button', { name: 'Delete workflow' }).click();
  const dialog = page.getByRole('dialog', { name: `Delete ${name}?` });
  await dialog.getByRole('button', { name: 'Cancel', exact: true }).click();
  await expect(listed).toBeVisible();
  await page.getByRole('button', { name: 'Workflow and run' }).click();
  await page.getByRole('button', { name: 'Delete workflow' }).click();
  await dialog.getByRole('button', { name: 'Delete workflow' }).click();
  await expect(page.getByRole('status').getByText(`Deleted ${name}.`)).toBeVisible();
  await expect(listed).toHaveCount(0);
});

test('runs are found by state and by words', async ({ ui, page }) => {
  const word = unique('needle');
  await ui.open();
  await ui.fill(word);
  await ui.run.click();
  await ui.ended('Completed');
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'See all' }).click();
  await page.getByRole('searchbox', { name: 'Search runs' }).fill(word);
  const found = page.getByRole('region', { name: 'Runs found' }).getByRole('link');
  await expect(found).toHaveCount(1);
  const which = page.getByRole('region', { name: 'All runs' }).getByRole('group', { name: 'Which runs' });
  await which.getByRole('button', { name: /^Failed/ }).click();
  await expect(page.getByText('No run matches.')).toBeVisible();
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await page.getByRole('searchbox', { name: 'Search runs' }).fill(word);
  await expect(found).toHaveCount(1);
  await found.click();
  await ui.ended('Completed');
});

test('a run that is pointed at, or reached by keys, is shown at a glance', async ({ ui, page }) => {
  const word = unique('glance');
  await page.setViewportSize({ width: 1440, height: 900 });
  await ui.open();
  for (const input of [`${word} one`, `${word} two`]) {
    await page.goto('./#/new');
    await ui.fill(input);
    await ui.run.click();
    await ui.ended('Completed');
  }
  await page.goto('./#/runs');
  await page.getByRole('searchbox', { name: 'Search runs' }).fill(word);
  const glance = page.getByRole('region', { name: 'Run at a glance' });
  const found = page.getByRole('region', { name: 'Runs found' }).getByRole('link');
  await expect(found).toHaveCount(2);
  await expect(glance).toContainText(`${word} two`);
  await found.nth(1).hover();
  await expect(glance).toContainText(`${word} one`);
  await expect(glance.getByRole('listitem')).toHaveText([/Completed.*prompt_step/, /Completed.*llm_step/]);
  await found.nth(1).focus();
  await page.keyboard.press('ArrowUp');
  await expect(found.first()).toBeFocused();
  await expect(glance).toContainText(`${word} two`);
  expect(await ui.overflow()).toBe(0);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map((one) => one.id)).toEqual([]);
  await glance.getByRole('link', { name: 'Open run' }).click();
  await ui.ended('Completed');
});

test('at 900 px the side is a drawer', async ({ page }) => {
  await page.setViewportSize({ width: 900, height: 800 });
  await page.goto('./#/new');
  const side = page.getByRole('complementary', { name: 'Workflows and runs' });
  await expect(side).toBeHidden();
  await page.getByRole('button', { name: 'Workflows and runs' }).click();
  await expect(side).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(side).toBeHidden();
});

test('a workflow is pasted anywhere on the page', async ({ ui, page }) => {
  await page.goto('./');
  await expect(page.getByRole('button', { name: 'Run it: support-triage' })).toBeVisible();
  await page.evaluate((text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, named('pasted'));
  await expect(page).toHaveURL(/#\/new$/);
  await expect(ui.editor).toContainText('"pasted"');
  await expect(page.getByText('Not saved')).toBeVisible();
});
