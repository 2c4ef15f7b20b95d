// Whole workflows, written by keys and the menu, with what the editor offers.
import { expect, test, type WorkflowPage } from './page';

/** It has neither faults nor warnings, and a run of it completes. */
async function runs(ui: WorkflowPage) {
  await expect(ui.run).toBeEnabled();
  await ui.run.click();
  await expect(ui.page.locator('.cm-fault, .cm-warning')).toHaveCount(0);
}

/** A word in the text, for the mouse. The last one, if it stands there more than once. */
const word = (ui: WorkflowPage, text: string) => ui.editor.getByText(text).last();

test('translate a text to three languages and pick the best', async ({ ui }) => {
  await ui.open();
  await ui.clear();
  await ui.keys('{<Enter>');
  await ui.accept('"nam', 'name');
  await ui.keys('translate<End>,<Enter>');
  await ui.accept('"inp', 'input');
  await ui.accept('ty', 'type');
  await ui.accept('', 'string');
  await ui.keys('<End>,<Enter>');
  await ui.accept('"no', 'nodes');
  await ui.accept('Map', 'MapNode');
  await ui.keys("['German', 'French', 'Spanish']<Tab>Translate {{");
  await ui.accept('inp', 'input');
  await ui.keys('}} to<Tab>,<Enter><Control+Space>');
  await ui.accept('LLM', 'LLMNode');
  await ui.keys('Pick the best of these translations: {{');
  await ui.accept('ea', 'each.output');
  await ui.keys(' | ');
  await ui.accept('jo', 'join');
  await ui.keys("', '");
  await ui.fill('The tide is high.');
  await runs(ui);
  await ui.ended('Completed');
  await expect(ui.page.getByRole('button', { name: '3 inner steps of each' })).toBeVisible();
});

test('classify mails, draft an answer, a person approves, a table results', async ({ ui, page }) => {
  await ui.open();
  await ui.clear();
  await ui.keys('{<Enter>');
  await ui.accept('"inp', 'input');
  await ui.accept('ty', 'type');
  await ui.accept('obj', 'object');
  await ui.keys(', ');
  await ui.accept('"prop', 'properties');
  await ui.keys('"mails<ArrowRight>: {');
  await ui.accept('"ty', 'type');
  await ui.accept('arr', 'array');
  await ui.keys('}}, ');
  await ui.accept('"req', 'required');
  await ui.accept('', 'mails');
  await ui.keys('<End><End>,<Enter>');
  await ui.accept('"no', 'nodes');

  // The map goes over the list of the input.
  await ui.accept('Map', 'MapNode');
  await expect(ui.editor).toContainText('"over": "input.mails"');
  await ui.keys('<Tab>Classify this mail:');
  await word(ui, 'answer').dblclick();
  await ui.keys('classify');
  await word(ui, 'Classify this mail').click();
  await ui.keys('<End><End><ArrowLeft><ArrowLeft>, ');
  await ui.accept('"sch', 'schema');
  await ui.accept('prop', 'properties');
  await ui.keys('"kind<ArrowRight>: {');
  await ui.accept('"enu', 'enum');
  await ui.keys('"order<ArrowRight>, "question');

  // In the body, after the step that is written.
  await ui.addStep('LLMNode');
  await ui.keys('Draft an answer to this mail of the kind {{');
  await ui.accept('cla', 'classify.output');
  await ui.keys('.');
  await ui.accept('', 'kind');
  await ui.keys('}}: {{');
  await ui.accept('ite', 'item');
  await ui.addStep('TransformNode');
  await expect(ui.editor).toContainText('"text": "{{ answer.output }}"');
  await word(ui, 'answer.output').click();
  await ui.keys('<End><End><ArrowLeft><ArrowLeft><ArrowLeft>, "kind<ArrowRight>: "{{');
  await ui.accept('cla', 'classify.output');
  await ui.keys('.');
  await ui.accept('', 'kind');

  // Behind the map.
  await word(ui, 'each').click();
  await ui.addStep('HumanNode');
  await expect(ui.editor).toContainText('"message": "Is this good?\\n\\n{{ each.output }}"');
  await ui.addStep('PromptNode');
  await ui.keys('A table:<Enter>{% for row in ea');
  await ui.accept('', 'each.output');
  await ui.keys(' %}| {{');
  await ui.accept('row', 'row');
  await ui.keys('.');
  await ui.accept('ki', 'kind');
  await ui.keys('}} |<Enter>{% endfor %}<Delete>');

  await ui.page.getByRole('group', { name: 'Send as' }).getByRole('button', { name: 'JSON' }).click();
  await ui.input.fill('{ "mails": ["A question: where is my parcel?", "I order two more."] }');
  await runs(ui);
  const question = page.getByRole('article', { name: 'Step review' });
  await expect(question).toContainText('Is this good?');
  await question.getByRole('textbox').fill('Yes.');
  await page.getByRole('button', { name: 'Send answer' }).click();
  await ui.ended('Completed');
  await ui.show('Result');
  await expect(page.getByRole('article', { name: 'Result' }).locator('pre')).toHaveText('A table:\n| question |\n| order |\nYes.', { useInnerText: true });
});

test('refine a text with a critic in a loop', async ({ ui }) => {
  await ui.open();
  await ui.clear();
  await ui.keys('{<Enter>');
  await ui.accept('"no', 'nodes');
  await ui.accept('Loop', 'LoopNode');
  // The condition comes when there is a critic.
  await ui.keys('<Tab>Write a text. A critic said of your last one: {{');
  await ui.accept('pre', 'previous');
  await ui.keys('}}. The subject is');
  await ui.addStep('LLMNode');
  await ui.keys('Judge this text:<End><End><ArrowLeft><ArrowLeft>, ');
  await ui.accept('"sch', 'schema');
  await ui.accept('prop', 'properties');
  await ui.keys('"good<ArrowRight>: {');
  await ui.accept('"ty', 'type');
  await ui.accept('boo', 'boolean');
  await ui.keys('}, "advice<ArrowRight>: {');
  await ui.accept('"ty', 'type');
  await ui.accept('str', 'string');
  await word(ui, 'answer_2').dblclick();
  await ui.keys('critic');
  await word(ui, 'index').dblclick();
  await ui.keys('<Shift+End><Shift+ArrowLeft><Shift+ArrowLeft>cri');
  await ui.accept('', 'critic.output');
  await ui.keys('.');
  await ui.accept('', 'good');
  await ui.fill('Tides');
  await runs(ui);
  await ui.ended('Completed');
});
