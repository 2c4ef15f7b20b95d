import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from './page';

const ORDER = JSON.stringify(
  {
    input: {
      type: 'object',
      required: ['text', 'lines'],
      properties: {
        text: { type: 'string', title: 'Ticket', maxLength: 200 },
        urgent: { type: 'boolean' },
        to: { type: 'object', properties: { city: { type: 'string', maxLength: 40 } } },
        lines: { type: 'array', minItems: 1, items: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } } },
      },
    },
    nodes: [{ id: 'say', type: 'PromptNode', data: { template: '{{ input.text }}' } }],
  },
  null,
  2,
);

test('a workflow that says what it wants is given it by a form', async ({ ui, page }) => {
  const sent: unknown[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/runs') && request.method() === 'POST') sent.push((request.postDataJSON() as { input: unknown }).input);
  });
  await ui.open();
  await ui.write(ORDER);
  const form = page.getByRole('region', { name: 'Input', exact: true });
  await form.getByRole('textbox', { name: 'Ticket' }).fill('Help');
  await expect(form).toContainText('4 of 200');
  await form.getByRole('radio', { name: 'Yes' }).check();
  await form.getByRole('textbox', { name: 'city' }).fill('Rome');
  await ui.run.click();
  await expect(form.getByRole('alert')).toContainText(/\[\] has less than 1 item|lines/);

  await form.getByRole('button', { name: 'Add to lines' }).click();
  await form.getByRole('textbox', { name: 'n whole number' }).fill('x');
  await expect(form.getByText('Not a whole number.')).toBeVisible();
  await form.getByRole('textbox', { name: 'n whole number' }).fill('2');
  await ui.run.click();
  await ui.ended('Completed');
  expect(sent.at(-1)).toEqual({ text: 'Help', urgent: true, to: { city: 'Rome' }, lines: [{ n: 2 }] });
});

test('the form and the JSON are two views of one input', async ({ ui, page }) => {
  await ui.open();
  await ui.write(ORDER);
  const form = page.getByRole('region', { name: 'Input', exact: true });
  const as = (kind: string) => form.getByRole('group', { name: 'Send as' }).getByRole('button', { name: kind }).click();
  await form.getByRole('textbox', { name: 'Ticket' }).fill('Help');
  await as('JSON');
  await expect(ui.input).toHaveValue(/"text": "Help"/);
  await ui.input.fill('{"text": "More", "lines": [{"n": 1}, {"n": 2}]}');
  await as('Form');
  await expect(form.getByRole('textbox', { name: 'n whole number' })).toHaveCount(2);
  await form.getByRole('button', { name: 'Remove lines 1' }).click();
  await as('JSON');
  expect(JSON.parse(await ui.input.inputValue())).toEqual({ text: 'More', lines: [{ n: 2 }] });
  // What the form could not show stays JSON.
  await ui.input.fill('{"text": "More", "other": 1}');
  await expect(ui.input).toHaveValue(/other/);
});

test('a form that was not filled in leaves nothing to the next workflow', async ({ ui, page }) => {
  await ui.open();
  await ui.write(ORDER);
  const form = page.getByRole('region', { name: 'Input', exact: true });
  await expect(form.getByRole('textbox', { name: 'Ticket' })).toBeVisible();
  await ui.write(ORDER.replace('"title": "Ticket"', '"title": "Question"'));
  await expect(form.getByRole('textbox', { name: 'Question' })).toBeVisible();
  await ui.write('{ "nodes": [ { "id": "say", "type": "PromptNode", "data": { "template": "{{ input }}" } } ] }');
  await expect(ui.input).toHaveValue('');

  await ui.write(ORDER);
  await form.getByRole('textbox', { name: 'Ticket' }).fill('Help');
  await ui.write('{ "nodes": [ { "id": "say", "type": "PromptNode", "data": { "template": "{{ input }}" } } ] }');
  await expect(ui.input).toHaveValue(/Help/);
});

test('axe finds nothing in a form', async ({ ui, page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await ui.open();
  await ui.write(ORDER);
  await page.getByRole('button', { name: 'Add to lines' }).click();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual([]);
});

test('an example, or the input of an earlier run, is chosen instead of typed', async ({ ui, page }) => {
  const examples = ['Ebb and flow', { not: 'a text' }];
  await ui.open();
  const node = { id: 'say', type: 'PromptNode', data: { template: '{{ input }}' } };
  await ui.write(JSON.stringify({ name: `examples-${Date.now()}`, input: { examples }, nodes: [node] }));
  const form = page.getByRole('region', { name: 'Input', exact: true });
  const choose = (list: string, name: string) => form.getByRole('region', { name: list }).getByRole('button', { name }).click();
  await choose('Try with', 'Ebb and flow');
  await expect(ui.input).toHaveValue('Ebb and flow');
  await choose('Try with', '{"not":"a text"}');
  await expect(ui.input).toHaveValue(/"not": "a text"/);
  await ui.input.fill('of my own');
  await ui.run.click();
  await ui.ended('Completed');
  await ui.show('Input');
  await choose('Try with', 'Ebb and flow');
  await choose('Earlier inputs', 'of my own');
  await expect(ui.input).toHaveValue('of my own');
  const { violations } = await new AxeBuilder({ page }).include('[aria-label="Input"]').analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
});
