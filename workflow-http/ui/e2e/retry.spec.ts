import { expect, test } from './page';

const asking = (question: string) =>
  JSON.stringify(
    {
      name: `retry-${Date.now().toString(36)}`,
      nodes: [
        { id: 'draft', type: 'PromptNode', data: { template: 'About {{ input }}' } },
        { id: 'ask', type: 'LLMNode', needs: ['draft'], data: { prompt: `${question} {{ draft.output }}` } },
      ],
    },
    null,
    2,
  );

for (const isSaved of [true, false]) {
  test(`a failed run is mended in the text and continues from the step that failed, ${isSaved ? 'saved before' : 'saved by the retry'}`, async ({
    ui,
    page,
  }) => {
    await ui.open();
    await ui.write(asking('[[400]]'));
    await expect(ui.run).toBeEnabled();
    await ui.run.click();
    await ui.ended('Failed');
    const step = page.getByRole('article', { name: 'Step ask' });
    await expect(step).toContainText('Keeps 1 result, runs 1 step.');

    const failed = page.url();
    await ui.write(asking('Tell me:'));
    await expect(step).toContainText('Saves your changes.');
    if (isSaved) {
      await page.keyboard.press('ControlOrMeta+s');
      await expect(page.getByText('v2Saved')).toBeVisible();
      await expect(step).not.toContainText('Saves your changes.');
    }
    await step.getByRole('button', { name: 'Retry from ask' }).click();
    await expect(page).not.toHaveURL(failed);
    await ui.ended('Completed');
    await expect(page.getByText('v2Saved')).toBeVisible();
    await expect(ui.spoken).not.toBeEmpty();
    await ui.step('draft').click();
    await expect(page.getByRole('article', { name: 'Step draft' })).toContainText('Reused from the earlier run');
  });
}

test('a run is deleted after a question', async ({ ui, page }) => {
  await ui.open();
  await ui.run.click();
  await ui.ended('Completed');
  const run = page.url();
  await page.getByRole('button', { name: 'Workflow and run' }).click();
  await page.getByRole('button', { name: 'Delete this run' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete run' }).click();
  await expect(page.getByText('Deleted the run.')).toBeVisible();
  await expect(page).toHaveURL(/#\/workflows\//);
  await page.goto(run);
  await expect(page.getByText('There is no such run.')).toBeVisible();
});
