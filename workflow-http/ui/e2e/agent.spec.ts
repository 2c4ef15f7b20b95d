import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { storyUntil, SUPPORT } from '../src/run/agent.story';
import { expect, test } from './page';
import { Story } from './story';

// The events of a run with an agent, told one by one: what a model does and when is up to the test.
const told = storyUntil() as unknown as (Record<string, unknown> & { seq: number; type: string; path?: string })[];

let story: Story;
let next = 0;

/** All events up to the first of this type at this path. */
function tellUntil(type: string, path?: string) {
  const end = told.findIndex((event, index) => index >= next && event.type === type && (path === undefined || event.path === path));
  if (end < 0) throw new Error(`no ${type} at ${path}`);
  story.tell(...told.slice(next, end + 1));
  next = end + 1;
}

/** Text of the model, as it comes. */
const say = (path: string, delta: string, offset: number) =>
  story.tell({ type: 'node.delta', run_id: 'r1', node: 'turn', path, attempt: 1, kind: 'text', delta, offset });

test.beforeEach(async ({ shared }) => {
  next = 0;
  story = new Story({ behind: shared, run: 'r1', workflow: { id: 'w1', version: 1, spec: SUPPORT } });
  await story.start();
});
test.afterEach(() => story.stop());

const open = (page: Page, step = 'support') => page.goto(`${story.url}#/runs/r1/steps/${step}`);
const turn = (page: Page, number: number) =>
  page.getByRole('region', { name: 'Turns', exact: true }).getByRole('button', { name: new RegExp(`^Turn ${number} `) });
const calls = (page: Page, number: number) => page.getByRole('list', { name: `Calls of turn ${number}` });

test('an agent shows what the model says and which tools it calls, as it happens', async ({ page }) => {
  tellUntil('node.started', 'support/0/turn');
  await page.goto(`${story.url}#/runs/r1`);
  // The agent is shown, not the steps in it, which come and go.
  const agent = page.getByRole('article', { name: 'Step support' });
  await expect(agent).toContainText('turn 1 of at most 12');
  await expect(turn(page, 1)).toHaveAttribute('aria-expanded', 'true');
  await expect(agent).toContainText('Asked the model.');
  say('support/0/turn', 'I look ', 0);
  await expect(agent).toContainText('I look');
  say('support/0/turn', 'that up.', 7);
  await expect(agent).toContainText('I look that up.');
  tellUntil('node.completed', 'support/0/turn');
  await expect(calls(page, 1).getByRole('button', { name: /^order Pending number: A-17/ })).toBeVisible();
  tellUntil('node.started', 'support/0/order-0/get');
  await expect(calls(page, 1).getByRole('button', { name: /^order .*Running number: A-17/ })).toBeVisible();
  await expect(calls(page, 1).getByRole('button', { name: /^ordr .*Failed, model told.*There is no tool/ })).toBeVisible();
  tellUntil('node.progress', 'support');
  tellUntil('node.started', 'support/1/turn');
  // Only the newest turn is open.
  await expect(turn(page, 1)).toHaveAttribute('aria-expanded', 'false');
  await expect(turn(page, 1)).toContainText('called order, ordr');
  await expect(turn(page, 2)).toHaveAttribute('aria-expanded', 'true');
  await turn(page, 1).click();
  await calls(page, 1)
    .getByRole('button', { name: /^order/ })
    .click();
  await expect(page.getByRole('group', { name: 'Result' })).toContainText('200');
  await page.getByRole('button', { name: 'get', exact: true }).click();
  await expect(page.getByRole('article', { name: 'Step support/0/order-0/get' })).toBeVisible();
});

test('a person approves a call with other arguments, and refuses another with a reason', async ({ page }) => {
  tellUntil('node.waiting', 'support/1/refund-1');
  await page.goto(`${story.url}#/runs/r1`);
  const detail = page.getByRole('article', { name: 'Step support/1/refund-0' });
  await expect(detail).toContainText('Refund A-17?');
  await expect(detail.getByRole('group', { name: 'Arguments' })).toContainText('20');
  await expect(page.getByRole('form', { name: 'Approval of refund-0' })).toBeVisible();

  await detail.getByRole('button', { name: 'Change arguments' }).click();
  await expect(detail.getByRole('textbox', { name: 'number text, required' })).toBeFocused();
  await detail.getByLabel('amount').fill('much');
  await detail.getByRole('button', { name: 'Approve with changes refund-0' }).click();
  await expect(detail.getByRole('alert')).toHaveText('Not a number.');
  expect(story.answered.size).toBe(0);
  await detail.getByLabel('amount').fill('10');
  story.refusal = {
    status: 422,
    body: { detail: 'The arguments do not fit.', errors: [{ code: 'too_small', pointer: '#/args/amount', detail: 'Too small.' }] },
  };
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect(detail.getByRole('alert')).toHaveText('Too small.');
  await expect(detail.getByLabel('amount')).toBeFocused();
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect(detail.getByRole('button', { name: 'Sent' })).toBeVisible();
  expect(story.answered.get('w-0')).toEqual({ action: 'approve', args: { number: 'A-17', amount: 10 } });

  await page.getByRole('button', { name: 'Answer it' }).click();
  const other = page.getByRole('article', { name: 'Step support/1/refund-1' });
  await other.getByRole('button', { name: 'Refuse' }).click();
  await expect(other.getByRole('textbox', { name: 'Reason' })).toBeFocused();
  await page.keyboard.type('It was delivered.');
  // What was written is kept.
  await page.reload();
  await expect(other.getByRole('textbox', { name: 'Reason' })).toHaveValue('It was delivered.');
  await other.getByRole('button', { name: 'Refuse refund-1' }).click();
  await expect(other.getByRole('button', { name: 'Sent' })).toBeVisible();
  expect(story.answered.get('w-1')).toEqual({ action: 'refuse', reason: 'It was delivered.' });

  tellUntil('node.failed', 'support/1/refund-1');
  await expect(other).toContainText('A person refused the call: It was delivered.');
  await expect(other).toContainText('Failed, model told');
  tellUntil('node.completed', 'support/1/refund-0');
  await open(page, 'support/1/refund-0');
  await expect(detail).toContainText('A person approved the call with other arguments.');
  await expect(detail.getByRole('group', { name: 'Arguments', exact: true })).toContainText('10');
  await expect(detail.getByRole('group', { name: 'Arguments of the model' })).toContainText('20');
});

test('a call is approved among the turns of its agent, as it is', async ({ page }) => {
  tellUntil('node.waiting', 'support/1/refund-1');
  await open(page);
  const call = calls(page, 2).getByRole('listitem').filter({ hasText: 'Refund A-17?' });
  await expect(call).toContainText('Refund A-17?');
  await call.getByRole('button', { name: 'Change arguments' }).click();
  await call.getByRole('button', { name: 'As JSON' }).click();
  await expect(call.getByRole('textbox', { name: 'Arguments' })).toHaveValue(/"amount": 20/);
  // Arguments that are looked at and left alone are those of the model.
  await call.getByRole('button', { name: 'Approve with changes refund-0' }).click();
  await expect(call.getByRole('button', { name: 'Sent' })).toBeVisible();
  expect(story.answered.get('w-0')).toEqual({ action: 'approve' });
  tellUntil('node.resumed', 'support/1/refund-0');
  await expect(call.getByRole('form')).toHaveCount(0);
});

test('an agent in a tool is shown in its call, and the answer ends the turns', async ({ page }) => {
  tellUntil('node.started', 'support/2/ask-expert-0/expert/0/search-0/find');
  await open(page);
  const inner = page.getByRole('region', { name: 'Turns of expert' });
  await expect(inner.getByRole('list', { name: 'Calls of turn 1' })).toContainText('search');
  tellUntil('run.completed');
  await expect(turn(page, 4)).toHaveAttribute('aria-expanded', 'true');
  await expect(page.getByRole('region', { name: 'Output' })).toContainText('It was sent, and 10 € came back.');
  await expect(page.getByRole('article', { name: 'Step support' })).toContainText('4 turns');
  await expect(page.getByRole('article', { name: 'Step support' })).toContainText('$0.006');
});

test('the graph has the tools of an agent, and turns to go through', async ({ page }) => {
  tellUntil('run.completed');
  await open(page, 'support/3/turn');
  const graph = page.getByRole('region', { name: 'Graph' });
  await expect(graph.getByRole('button', { name: 'turn, Completed' }).first()).toHaveAttribute('aria-current', 'step');
  for (const name of ['order, Completed', 'refund, Failed', 'ask-expert, Completed', 'get, Completed'])
    await expect(graph.getByRole('button', { name })).toBeVisible();
  await graph
    .getByRole('group', { name: /^4 turns/ })
    .getByRole('button', { name: 'Turn 1, completed' })
    .click();
  await expect(page).toHaveURL(/steps\/support\/0\/turn/);
  await page.keyboard.press(']');
  await expect(page).toHaveURL(/steps\/support\/1\/turn/);
  await graph.getByRole('button', { name: 'order, Completed' }).click({ position: { x: 90, y: 16 } });
  await expect(page).toHaveURL(/steps\/support\/0\/order-0$/);
  // The text is written once for all calls.
  await expect(page.getByRole('button', { name: /Add a step between/ }).first()).toBeAttached();
});

test('the timeline nests turns and calls', async ({ page }) => {
  tellUntil('run.completed');
  await open(page);
  const rows = page.getByRole('tree', { name: 'Steps over time' }).getByRole('treeitem');
  await expect(rows.filter({ hasText: 'turn 1 turn' }).first()).toHaveAttribute('aria-level', '2');
  await expect(rows.filter({ hasText: 'turn 2 refund-0' })).toHaveAttribute('aria-level', '2');
  await expect(rows.filter({ hasText: 'pay' })).toHaveAttribute('aria-level', '3');
});

test('a conversation of 100 turns stays quick, with its first turns folded away', async ({ ui, page }) => {
  const [created, run, agent] = told;
  let seq = 3;
  const event = (type: string, path: string, more: object = {}) => ({ ...agent, seq: ++seq, type, node: path.split('/').at(-1), path, ...more });
  story.tell(created!, run!, agent!);
  for (let index = 0; index < 100; index += 1) {
    story.tell(
      event('node.progress', 'support', { turn: index, max_turns: 100 }),
      event('node.started', `support/${index}/turn`, { attempt: 1 }),
      event('node.completed', `support/${index}/turn`, {
        output: { calls: Array.from({ length: 40 }, () => ({ tool: 'order', args: { number: 'A' } })) },
        duration_ms: 1,
      }),
      ...Array.from({ length: 40 }, (_, call) => event('node.completed', `support/${index}/order-${call}`, { output: call, duration_ms: 1 })),
    );
  }
  await open(page);
  await expect(turn(page, 100)).toBeVisible();
  await expect(turn(page, 70)).toHaveCount(0);
  await expect(calls(page, 100).getByRole('button')).toHaveCount(20);
  await page.getByRole('button', { name: 'Show all 40 calls' }).click();
  await expect(calls(page, 100).getByRole('button')).toHaveCount(40);
  const before = await ui.cpuTime();
  await page.getByRole('button', { name: 'Show 70 earlier turns' }).click();
  await expect(turn(page, 1)).toBeVisible();
  expect((await ui.cpuTime()) - before).toBeLessThan(2000);
});

for (const width of [390, 1000, 1440]) {
  for (const colorScheme of ['dark', 'light'] as const) {
    test(`${width} px, ${colorScheme}: nothing is too wide and axe finds nothing in an agent`, async ({ ui, page }) => {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const clean = async (state: string) => {
        expect(await ui.overflow(), state).toBe(0);
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(
          violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`),
          state,
        ).toEqual([]);
        if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${width}-${colorScheme}-${state.replaceAll(' ', '-')}.png` });
      };
      tellUntil('node.waiting', 'support/1/refund-1');
      await open(page);
      await expect(page.getByRole('form', { name: 'Approval of refund-0' })).toBeVisible();
      await clean('calls wait');
      await page.getByRole('button', { name: 'Change arguments' }).first().click();
      await page.getByRole('button', { name: 'Refuse', exact: true }).last().click();
      await clean('arguments and reason');
      await open(page, 'support/1/refund-0');
      await expect(page.getByRole('article', { name: 'Step support/1/refund-0' })).toBeVisible();
      await clean('one call');
      tellUntil('run.completed');
      await open(page);
      await turn(page, 3).click();
      await calls(page, 3)
        .getByRole('button', { name: /^ask-expert/ })
        .click();
      await expect(page.getByRole('region', { name: 'Turns of expert' })).toBeVisible();
      await clean('turns');
    });
  }
}
