import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from './page';

const schema = {
  type: 'object',
  required: ['ok', 'title', 'score'],
  properties: {
    ok: { type: 'boolean', title: 'It is good' },
    title: { type: 'string', title: 'Title', minLength: 3, maxLength: 40 },
    score: { type: 'integer', maximum: 5, description: 'From 1 to 5.' },
    tone: { enum: ['warm', 'dry'] },
    comment: { type: 'string' },
  },
};
const workflow = (data: object, more: object[] = []) =>
  JSON.stringify(
    {
      nodes: [
        { id: 'write', type: 'PromptNode', data: { template: 'About {{ input }}' } },
        { id: 'approve', type: 'HumanNode', data: { message: 'Publish this?\n\n{{ write.output }}', ...data } },
        ...more,
      ],
    },
    null,
    2,
  );
const APPROVE = workflow({ schema, expires: '24h' });

test('a person approves: the form, a refusal beside its field, then the run completes', async ({ ui, page }) => {
  await ui.open();
  await ui.write(APPROVE);
  await ui.run.click();
  await expect(page).toHaveTitle(/^Waiting for you/);
  const step = page.getByRole('article', { name: 'Step approve' });
  await expect(step.getByRole('region', { name: 'Question' })).toContainText('Publish this?');
  await expect(step.getByRole('region', { name: 'Question' })).toContainText('About Quantum Computing');
  await expect(step).toContainText('answer by tomorrow');
  await expect(page.getByTestId('announced')).toContainText('waits for an answer.');
  await expect(ui.log).toContainText('Nothing to do until someone answers.');

  const ok = step.getByRole('radiogroup', { name: 'It is good' });
  await expect(ok.getByRole('radio', { name: 'Yes' })).toBeFocused();
  await page.waitForTimeout(600);
  await page.keyboard.press('Space');
  await expect(ok.getByRole('radio', { name: 'Yes' })).toBeChecked();
  await page.keyboard.press('Tab');
  await page.keyboard.insertText('Ha');
  await page.keyboard.press('Enter');
  await expect(step.getByText('Fill this in.')).toBeVisible();
  const score = step.getByRole('textbox', { name: 'score' });
  await expect(score).toBeFocused();
  await expect(score).toHaveAccessibleDescription(/From 1 to 5\..*Fill this in\./);
  await score.fill('9');
  await step.getByRole('radio', { name: 'dry' }).check();
  await page.getByRole('button', { name: 'Send answer' }).click();

  const title = step.getByRole('textbox', { name: 'Title' });
  await expect(title).toHaveAttribute('aria-invalid', 'true');
  await expect(title).toHaveAccessibleDescription(/shorter than 3/);
  await expect(score).toHaveAccessibleDescription(/greater than the maximum of 5/);
  await expect(title).toBeFocused();
  await title.fill('Qubits');
  await score.fill('4');
  await score.press('Enter');
  await ui.ended('Completed');
  await ui.step('approve').click();
  await expect(step.getByRole('region', { name: 'Output' })).toContainText('title "Qubits"');
  await expect(step.getByRole('region', { name: 'Output' })).toContainText('tone "dry"');
});

test('what was begun survives another step, and a reload shows the form again', async ({ ui, page }) => {
  await ui.open();
  await ui.write(APPROVE);
  await ui.run.click();
  const title = page.getByRole('textbox', { name: 'Title' });
  await title.fill('Half a tit');
  await ui.step('write').click();
  await expect(title).toHaveCount(0);
  await expect(page.getByText('approve waits for an answer. Answer it')).toBeVisible();
  await page.getByRole('button', { name: 'Answer it' }).click();
  await expect(title).toHaveValue('Half a tit');
  await page.reload();
  await expect(title).toHaveValue('Half a tit');
  await page.getByRole('textbox', { name: 'score' }).fill('1');

  await page.getByRole('button', { name: 'As JSON' }).click();
  const source = page.getByRole('form', { name: 'Answer' }).getByRole('textbox');
  expect(JSON.parse(await source.inputValue())).toEqual({ title: 'Half a tit', score: 1 });
  await source.fill('{"ok": true, "title": "Whole"');
  await page.getByRole('button', { name: 'As form' }).click();
  await expect(page.getByText('This is not JSON.')).toBeVisible();
  await source.fill('{"ok": true, "title": "Whole", "score": 3}');
  await page.getByRole('button', { name: 'As form' }).click();
  await expect(title).toHaveValue('Whole');
  const yes = page.getByRole('radiogroup', { name: 'It is good' }).getByRole('radio', { name: 'Yes' });
  await expect(yes).toBeChecked();
  await yes.focus();
  await page.keyboard.press('ControlOrMeta+Enter');
  await ui.ended('Completed');
});

test('the focus is left alone while someone is writing elsewhere', async ({ ui, page }) => {
  await ui.open();
  await ui.write(APPROVE);
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect(page.getByRole('textbox', { name: 'Title' })).toBeVisible();
  await expect(ui.editor).toBeFocused();
});

test('without a schema, text or JSON is the answer', async ({ ui, page }) => {
  await ui.open();
  await ui.write(workflow({}));
  await ui.run.click();
  const answer = page.getByRole('form', { name: 'Answer' }).getByRole('textbox', { name: 'Answer' });
  await expect(page.getByText('text or JSON')).toBeVisible();
  await answer.fill('yes, go on');
  await expect(page.getByText('sent as text')).toBeVisible();
  await page.getByRole('button', { name: 'Send answer' }).click();
  await ui.ended('Completed');
  await ui.step('approve').click();
  await expect(page.getByRole('article', { name: 'Step approve' })).toContainText('yes, go on');
});

for (const [status, code, words] of [
  [409, 'wait_answered', 'Another answer came first.'],
  [410, 'wait_expired', 'The time to answer is over.'],
] as const) {
  test(`${status}: an answer that comes too late says so`, async ({ ui, page }) => {
    await ui.open();
    await ui.write(workflow({}));
    await page.route('**/waits/*', (route) =>
      route.fulfill({ status, contentType: 'application/problem+json', body: JSON.stringify({ status, code, detail: 'late' }) }),
    );
    await ui.run.click();
    await page.getByRole('form', { name: 'Answer' }).getByRole('textbox').fill('yes');
    await page.getByRole('button', { name: 'Send answer' }).click();
    await expect(page.getByRole('alert')).toContainText(words);
    await expect(page.getByRole('form', { name: 'Answer' }).getByRole('textbox')).toHaveValue('yes');
  });
}

test('a delay says when it resumes, and asks no person', async ({ ui, page }) => {
  await ui.open();
  await ui.write(JSON.stringify({ nodes: [{ id: 'pause', type: 'DelayNode', data: { for: '2h' } }] }, null, 2));
  await ui.run.click();
  const step = page.getByRole('article', { name: 'Step pause' });
  await expect(step).toContainText(/Resumes at (tomorrow )?\d\d:\d\d, in 2h\./);
  await expect(ui.step('pause')).toContainText(/resumes at/);
  await expect(ui.log).toContainText(/Nothing to do until (tomorrow )?\d\d:\d\d\./);
  await expect(page).toHaveTitle(/^Waiting ·/);
  await expect(page.getByRole('form', { name: 'Answer' })).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Inspector' }).getByText(/person|someone/)).toHaveCount(0);
  await ui.cancel.click();
  await ui.ended('Cancelled');
});

for (const width of [400, 1280]) {
  for (const colorScheme of ['dark', 'light'] as const) {
    test(`${width} px, ${colorScheme}: nothing is too wide and axe finds nothing while a person is asked`, async ({ ui, page }) => {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await ui.open();
      if (width < 761) await ui.pane('JSON');
      await ui.write(APPROVE);
      await ui.run.click();
      await expect(page.getByRole('form', { name: 'Answer' })).toBeVisible();
      await page.waitForTimeout(600);
      await page.getByRole('button', { name: 'Send answer' }).click();
      await expect(page.getByText('Fill this in.').first()).toBeVisible();
      const clean = async (state: string) => {
        expect(await ui.overflow(), state).toBe(0);
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(
          violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`),
          state,
        ).toEqual([]);
      };
      await clean('form');
      await page.getByRole('button', { name: 'As JSON' }).click();
      await clean('JSON');
    });
  }
}
