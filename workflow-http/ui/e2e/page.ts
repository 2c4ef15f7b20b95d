// The page as a person uses it.
import { test as base, expect, type CDPSession, type Locator, type Page } from '@playwright/test';
import { Server } from './server';

export class WorkflowPage {
  readonly page: Page;
  readonly input: Locator;
  readonly editor: Locator;
  readonly run: Locator;
  readonly cancel: Locator;
  readonly spoken: Locator;
  readonly log: Locator;
  #metrics: CDPSession | undefined;

  constructor(page: Page) {
    this.page = page;
    this.input = page.getByRole('textbox', { name: 'Input' });
    this.editor = page.getByRole('textbox', { name: 'Workflow as JSON' });
    this.run = page.getByRole('button', { name: /^Run( new)?$/ });
    this.cancel = page.getByRole('button', { name: 'Cancel run' });
    this.spoken = page.getByTestId('spoken');
    this.log = page.getByRole('region', { name: 'Log lines' });
  }

  /** A new workflow, written beside the list of its steps. */
  async open(server = './') {
    await this.page.goto(`${server}#/new`);
    await expect(this.run).toBeEnabled();
    await this.list();
  }

  /** The steps as a list: on a phone they are one anyway. */
  async list() {
    const toList = this.page.getByRole('button', { name: 'Steps as a list' });
    if (this.page.viewportSize()!.width >= 761) await toList.click();
  }

  async fill(input: string) {
    await this.show('Input');
    await this.input.fill(input);
  }

  /** Chooses what the inspector shows. */
  async show(what: 'Input' | 'Step' | 'Result') {
    await this.page.getByRole('group', { name: 'Show' }).getByRole('button', { name: what }).click();
  }

  step(id: string): Locator {
    return this.page.getByRole('region', { name: 'Steps', exact: true }).getByRole('button', { name: id });
  }

  async write(workflow: string) {
    await this.#select();
    await this.page.keyboard.insertText(workflow);
  }

  /** An empty text, to be written key by key. */
  async clear() {
    await this.#select();
    await this.page.keyboard.press('Delete');
    await expect(this.editor).toHaveText('');
  }

  /** Selects the whole text. */
  async #select() {
    await this.editor.click();
    // Completion is loaded with the first focus. Until then, keys write only what they say: no brackets are closed, nothing is offered.
    await expect(this.editor).toHaveAttribute('aria-autocomplete', 'list');
    await this.page.keyboard.press('ControlOrMeta+a');
  }

  /** Types the beginning of what is offered, and accepts it. */
  async accept(typed: string, option: string) {
    await this.page.keyboard.type(typed);
    await expect(this.page.getByRole('option', { name: new RegExp(`^${option}`), selected: true })).toBeVisible();
    await this.page.keyboard.press('Enter');
  }

  /** Types keys, and presses those in angle brackets: `,<Enter>`. */
  async keys(text: string) {
    for (const part of text.split(/(<\w+(?:\+\w+)*>)/)) {
      if (/^<.+>$/.test(part)) await this.page.keyboard.press(part.slice(1, -1));
      else await this.page.keyboard.type(part);
    }
  }

  /** Adds a step of this type by the menu. */
  async addStep(type: string) {
    await this.page.getByRole('button', { name: 'Add step' }).click();
    await this.page.getByRole('listitem').getByRole('button', { name: type }).click();
    // Once it is there, its first field is selected.
    await expect(this.editor).toBeFocused();
  }

  async ended(word: string) {
    await expect(this.page).toHaveTitle(new RegExp(`^${word}`), { timeout: 20_000 });
  }

  async pane(name: string) {
    await this.page.getByRole('navigation', { name: 'Panes' }).getByRole('button', { name }).click();
  }

  /** The CPU time of the page's main thread so far, in milliseconds. What else the machine does is not in it. */
  async cpuTime(): Promise<number> {
    this.#metrics ??= await this.page.context().newCDPSession(this.page);
    await this.#metrics.send('Performance.enable');
    const { metrics } = await this.#metrics.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'ThreadTime')!.value * 1000;
  }

  /** How far the page can be scrolled sideways. */
  overflow(): Promise<number> {
    return this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  }
}

export const test = base.extend<{ ui: WorkflowPage; slow: Server }, { shared: string }>({
  /** The address of the server that the tests of one worker share: WORKFLOW_URL, or one that is started here. */
  shared: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of fixtures from this pattern
    async ({}, use) => {
      const running = process.env.WORKFLOW_URL;
      if (running) return use(running);
      // Slow enough that a running step is seen on a busy machine.
      const server = new Server('--memory', '--simulate-pace', '80ms');
      try {
        await server.start();
        await use(server.url);
      } finally {
        await server.kill();
      }
    },
    { scope: 'worker' },
  ],
  baseURL: ({ shared }, use) => use(shared),
  /** A server whose model takes 5 to 10 s for an answer, for what a test does while the text grows. */
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of fixtures from this pattern
  slow: async ({}, use) => {
    const server = new Server('--memory', '--simulate-pace', '200ms');
    try {
      await server.start();
      await use(server);
    } finally {
      await server.kill();
    }
  },
  ui: async ({ page }, use) => {
    const refused: string[] = [];
    page.on('pageerror', (error) => refused.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) refused.push(message.text());
    });
    await use(new WorkflowPage(page));
    expect(refused, 'the page throws nothing and the content policy refuses nothing').toEqual([]);
  },
});

export { expect };
