import { expect, test, type WorkflowPage } from './page';

// An agent of the server itself, with simulated answers: its model calls each tool once, and then answers.
const tools = (refund: string) => [
  {
    name: 'order',
    description: 'Finds an order by its number.',
    input: { type: 'object', properties: { number: { type: 'string' } }, required: ['number'] },
    nodes: [{ id: 'get', type: 'TransformNode', data: { value: { state: 'sent', number: '{{ args.number }}' } } }],
  },
  { name: 'refund', workflow: refund, approve: { message: 'Refund {{ args.amount }} for {{ args.number }}?' }, on_ambiguous: 'fail' },
  {
    name: 'ask-expert',
    description: 'Asks somebody who knows.',
    nodes: [
      {
        id: 'expert',
        type: 'AgentNode',
        data: {
          prompt: 'Help.',
          tools: [{ name: 'search', description: 'Searches.', nodes: [{ id: 'find', type: 'TransformNode', data: { value: 'found' } }] }],
        },
      },
    ],
  },
];
// A call by name is refused once two workflows have it.
const REFUND = `refund-order-${Date.now()}`;
const DESK = JSON.stringify(
  {
    nodes: [
      { id: 'support', type: 'AgentNode', data: { prompt: 'Help with {{ input }}', tools: tools(REFUND) } },
      { id: 'mail', type: 'TransformNode', data: { value: '{{ support.output }}' } },
    ],
  },
  null,
  2,
);

test.beforeAll(async ({ request }) => {
  const input = { type: 'object', properties: { number: { type: 'string' }, amount: { type: 'number' } }, required: ['number', 'amount'] };
  const nodes = [{ id: 'pay', type: 'TransformNode', data: { value: { paid: '{{ input.amount }}' } } }];
  await request.post('./api/workflows', { data: { name: REFUND, description: 'Pays an order back.', input, nodes } });
});

async function asks(ui: WorkflowPage) {
  await ui.open();
  await ui.write(DESK);
  await expect(ui.run).toBeEnabled();
  await ui.run.click();
  const call = ui.page.getByRole('article', { name: 'Step support/0/refund-1' });
  await expect(call.getByRole('form', { name: 'Approval of refund-1' })).toBeVisible({ timeout: 20_000 });
  return call;
}

test('an agent looks up, asks before it acts, asks another agent, and answers', async ({ ui, page }) => {
  const call = await asks(ui);
  await call.getByRole('button', { name: 'Change arguments' }).click();
  await call.getByLabel('amount').fill('10');
  await call.getByRole('button', { name: 'Approve with changes refund-1' }).click();
  await ui.ended('Completed');
  await ui.show('Step');
  await ui.step('refund-1').first().click();
  await expect(call).toContainText('A person approved the call with other arguments.');
  await expect(call.getByRole('region', { name: 'Output' })).toContainText('10');
  await ui.step('support').first().click();
  const turns = page.getByRole('region', { name: 'Turns', exact: true });
  await turns.getByRole('button', { name: /^Turn 1 / }).click();
  const calls = page.getByRole('list', { name: 'Calls of turn 1' });
  for (const name of ['order', 'refund', 'ask-expert']) await expect(calls.getByRole('button', { name: new RegExp(`^${name} .*Completed`) })).toBeVisible();
  await calls.getByRole('button', { name: /^ask-expert/ }).click();
  await expect(page.getByRole('region', { name: 'Turns of expert' })).toContainText('2 turns');
  // A replayed run is the same.
  await page.reload();
  await ui.ended('Completed');
  await expect(page.getByRole('article', { name: 'Step support' })).toContainText('2 turns');
});

test('a call that is refused is an error for the model, which goes on', async ({ ui, page }) => {
  const call = await asks(ui);
  await call.getByRole('button', { name: 'Refuse', exact: true }).click();
  await page.keyboard.type('It was delivered.');
  await page.keyboard.press('ControlOrMeta+Enter');
  await ui.ended('Completed');
  await ui.show('Step');
  await ui.step('refund-1').first().click();
  await expect(call).toContainText('A person refused the call: It was delivered.');
  await expect(call).toContainText('The model was told this error in place of a result.');
  await expect(call.getByRole('button', { name: /Set output/ })).toHaveCount(0);
  await expect(call.getByRole('button', { name: /Run only this/ })).toHaveCount(0);
  await expect(call.getByRole('button', { name: 'Retry from support' })).toBeVisible();
});

test('a workflow with an agent is written with the keyboard, and its faults are found', async ({ ui, page }) => {
  await ui.open();
  await ui.clear();
  await ui.addStep('AgentNode');
  await expect(ui.editor).toContainText('"look_up"');
  await expect(ui.editor).toContainText('{{ args }}');
  // The skeleton has no fault.
  await expect(ui.run).toBeEnabled();
  await ui.write(DESK.replace('args.number }}"', 'arg.number }}"'));
  await expect(page.getByRole('region', { name: 'Faults' })).toContainText('arg');
  await expect(ui.run).toBeDisabled();
  await ui.write(DESK);
  await expect(page.getByRole('region', { name: 'Faults' })).toHaveCount(0);
  await expect(page.locator('.trail > li')).toHaveText([/^support/, /^order/, /^get/, /^refund/, /^ask-expert/, /^expert/, /^search/, /^find/, /^mail/]);
});

test('arguments of a tool and models are offered', async ({ ui, page }) => {
  await ui.open();
  await ui.write(DESK.replace('"prompt": "Help with', '"model": "", "prompt": "Help with').replace('{{ args.number }}"', '{{ args. }}"'));
  /** With the cursor before this many characters of the end of a line. */
  const offered = async (line: string, back: number) => {
    await page.locator('.cm-line').filter({ hasText: line }).first().click();
    await page.keyboard.press('End');
    for (let count = 0; count < back; count += 1) await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Control+Space');
    return page.getByRole('option');
  };
  await expect(await offered('{{ args. }}', ' }}"'.length)).toHaveText(['number']);
  await page.keyboard.press('Escape');
  await expect(await offered('"model": ""', '", "prompt": "Help with {{ input }}",'.length)).toHaveText([/^gemini-/]);
});

test('a run of an agent is continued and compared', async ({ ui, page }) => {
  const call = await asks(ui);
  await call.getByRole('button', { name: 'Approve refund-1' }).click();
  await ui.ended('Completed');
  const first = /runs\/([\w-]+)/.exec(page.url())![1];
  await ui.show('Step');
  await ui.step('find').first().click();
  await expect(page.getByRole('article', { name: /find$/ })).toBeVisible();
  await page
    .getByRole('button', { name: /^Continue/ })
    .first()
    .click();
  await expect(page).not.toHaveURL(new RegExp(first!));
  await expect(page).toHaveTitle(/^(Completed|Waiting for you)/, { timeout: 20_000 });
});
