import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../api/types';
import { reduce } from './reduce';
import { focusOf, hasEnded, newRun, shownState, statusOf, usageOf, type Run } from './run';

const base = { run_id: 'r' };
let seq = 0;
const time = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString();
const logged = (event: object): RunEvent => {
  seq += 1;
  return { ...base, seq, time: time(seq), ...event } as RunEvent;
};
const of = (node: string, attempt = 1) => ({ node, path: node, attempt });
const delta = (text: string, offset: number, more: object = {}): RunEvent =>
  ({ ...base, type: 'node.delta', ...of('llm'), kind: 'text', delta: text, offset, ...more }) as RunEvent;

function story(): RunEvent[] {
  seq = 0;
  return [
    logged({
      type: 'run.created',
      workflow_id: 'w',
      version: 3,
      input: 'x',
      nodes: [
        { id: 'prompt', type: 'PromptNode', needs: [] },
        { id: 'llm', type: 'LLMNode', needs: ['prompt'] },
      ],
    }),
    logged({ type: 'run.started' }),
    logged({ type: 'node.started', ...of('prompt'), max_attempts: 1 }),
    logged({ type: 'node.completed', ...of('prompt'), output: 'Explain x', duration_ms: 4 }),
    logged({ type: 'node.started', ...of('llm'), max_attempts: 3 }),
    delta('Hel', 0),
    logged({
      type: 'node.retrying',
      ...of('llm'),
      max_attempts: 3,
      next_in_ms: 1000,
      usage: { input_tokens: 3 },
      error: { code: 'overloaded', detail: 'Busy.' },
    }),
    logged({ type: 'node.started', ...of('llm', 2), max_attempts: 3 }),
    delta('Hi ', 0, { attempt: 2 }),
    delta('hm', 0, { attempt: 2, kind: 'thought' }),
    delta('you', 3, { attempt: 2 }),
    logged({ type: 'node.completed', ...of('llm', 2), output: 'Hi you', duration_ms: 900, usage: { input_tokens: 5, output_tokens: 2 }, model: 'm' }),
    logged({ type: 'run.completed', output: 'Hi you', usage: { input_tokens: 5, output_tokens: 2 }, duration_ms: 2000 }),
  ];
}

const started = (): Run => reduce(newRun('r'), story().slice(0, 5));
const textOf = (run: Run) => run.steps.get('llm')?.text;

describe('a run', () => {
  it('is built from its events', () => {
    const run = reduce(newRun('r'), story());
    expect(run).toMatchObject({ status: 'completed', version: 3, output: 'Hi you', durationMs: 2000, seq: 9, order: ['prompt', 'llm'] });
    expect(run.steps.get('llm')).toMatchObject({ state: 'completed', attempt: 2, maxAttempts: 3, text: 'Hi you', thought: 'hm', model: 'm' });
    expect(run.steps.get('llm')?.attempts).toEqual([
      { number: 1, startedAt: time(5), endedAt: time(6), queued: [], nextIn: 1000, error: { code: 'overloaded', detail: 'Busy.' } },
      { number: 2, startedAt: time(7), endedAt: time(8), queued: [] },
    ]);
    expect(hasEnded(run)).toBe(true);
  });

  it('is the same live, event by event, and replayed at once', () => {
    const live = story().reduce((run, event) => reduce(run, [event]), newRun('r'));
    expect(live).toEqual(reduce(newRun('r'), story()));
  });

  it('takes no event twice', () => {
    const run = reduce(newRun('r'), story());
    expect(reduce(run, story())).toEqual(run);
  });

  it('leaves the run it was given alone', () => {
    const before = started();
    const copy = structuredClone(before);
    reduce(before, story().slice(5));
    expect(before).toEqual(copy);
  });

  it('passes over types it does not know, but not over their numbers', () => {
    const run = reduce(started(), [{ ...base, type: 'node.dreamt', seq: 6, time: time(6), ...of('llm') } as unknown as RunEvent]);
    expect(run.seq).toBe(6);
    expect(run.steps).toEqual(started().steps);
    expect(run.log).toEqual(started().log);
  });

  it('sums up the usage of its steps until the server does', () => {
    const events = story();
    expect(usageOf(reduce(newRun('r'), events.slice(0, -1)))).toEqual({ input_tokens: 8, output_tokens: 2, thought_tokens: 0 });
  });

  it('puts inner steps after the step they belong to', () => {
    const inner = (path: string) => logged({ type: 'node.started', node: path.split('/').at(-1)!, path, attempt: 1 });
    const run = reduce(started(), [inner('prompt/0/sum'), inner('llm/0/draft'), inner('prompt/1/sum')]);
    expect(run.order).toEqual(['prompt', 'prompt/0/sum', 'prompt/1/sum', 'llm', 'llm/0/draft']);
  });
});

describe('text', () => {
  it('grows by offset', () => {
    expect(textOf(reduce(started(), [delta('Hel', 0), delta('lo', 3)]))).toBe('Hello');
  });

  it('is not doubled when the text so far comes again', () => {
    expect(textOf(reduce(started(), [delta('Hel', 0), delta('Hello', 0), delta('lo', 3), delta('lo!', 3)]))).toBe('Hello!');
  });

  it('waits at a gap for the text so far', () => {
    const gap = reduce(started(), [delta('Hel', 0), delta('!', 9)]);
    expect(textOf(gap)).toBe('Hel');
    expect(textOf(reduce(gap, [delta('Hello you!', 0)]))).toBe('Hello you!');
  });

  it('starts anew with each attempt, and not again with an old one', () => {
    const run = reduce(started(), [delta('Hel', 0), delta('Hi', 0, { attempt: 2 }), delta('lo', 3, { attempt: 1 })]);
    expect(textOf(run)).toBe('Hi');
  });

  it('says when its first words came, if it came as it was said', () => {
    const late = { time: time(9) };
    expect(reduce(started(), [delta('Hel', 0), delta('lo', 3, late)]).steps.get('llm')?.attempts[0]?.firstAt).toBeUndefined();
    const run = reduce(started(), [delta('Hel', 0, { time: time(6) }), delta('lo', 3, late)]);
    expect(run.steps.get('llm')?.attempts[0]?.firstAt).toBe(time(6));
    const joined = reduce(started(), [delta('Hel', 0), delta('lo', 3, { time: time(6) }), delta('!', 5, { time: time(7) })]);
    expect(joined.steps.get('llm')?.attempts[0]?.live).toEqual({ since: time(6), before: 3 });
    const thinking = reduce(started(), [delta('hm', 0, { time: time(6), kind: 'thought' }), delta('Hel', 0, { time: time(7) })]);
    expect(thinking.steps.get('llm')?.attempts[0]).toMatchObject({ firstAt: time(6), textAt: time(7) });
  });

  it('counts as UTF-16 does', () => {
    expect(textOf(reduce(started(), [delta('a😀', 0), delta('b', 3)]))).toBe('a😀b');
  });

  it('does not come back after the step has settled', () => {
    const run = reduce(newRun('r'), story());
    expect(reduce(run, [delta('late', 0, { attempt: 3 })])).toEqual(run);
  });
});

describe('a place in line', () => {
  const queued = (position: number) => logged({ type: 'node.queued', ...of('llm'), queue: 'gemini', position });
  const admitted = () => logged({ type: 'node.admitted', ...of('llm'), queued_ms: 2000 });

  it('is a state of its own until the attempt is admitted', () => {
    const waiting = reduce(started(), [queued(12), queued(6)]);
    expect(waiting.steps.get('llm')).toMatchObject({ state: 'queued', queue: { name: 'gemini', position: 6, since: time(10) } });
    expect(focusOf(waiting)).toBe('llm');
    expect(waiting.log.slice(-2).map(({ word, message }) => [word, message])).toEqual([
      ['QUEUED', 'Waiting for the model, 12th in line.'],
      ['QUEUED', 'Waiting for the model, 6th in line.'],
    ]);
    const going = reduce(waiting, [admitted()]);
    expect(going.steps.get('llm')).toMatchObject({ state: 'running', queue: undefined, attempts: [{ queued: [{ since: time(10), until: time(12) }] }] });
    expect(going.log.at(-1)).toMatchObject({ word: 'ADMITTED', message: 'Admitted after 2.0 s.' });
  });

  it('ends with the attempt', () => {
    for (const end of [
      { type: 'node.cancelled', reason: 'cancelled' },
      { type: 'node.failed', error: { code: 'x', detail: 'y' } },
      { type: 'node.completed', output: '' },
    ]) {
      const run = reduce(started(), [queued(1), logged({ ...of('llm'), ...end })]);
      expect(run.steps.get('llm')).toMatchObject({ queue: undefined, attempts: [{ queued: [{ since: time(10), until: time(11) }] }] });
    }
    expect(reduce(started(), [queued(1), delta('Hi', 0)]).steps.get('llm')).toMatchObject({ state: 'running', queue: undefined });
  });
});

it('first words are where the log has them, also for a page that was not there', () => {
  const run = reduce(started(), [logged({ type: 'node.completed', ...of('llm'), output: 'Hi', queued_ms: 300, first_delta_ms: 200 })]);
  expect(run.steps.get('llm')!.attempts[0]!.firstAt).toBe(new Date(Date.parse(time(5)) + 500).toISOString());
});

it.each([
  [{ finish_reason: 'MAX_TOKENS', truncated: true }, true],
  [{ finish_reason: 'STOP', truncated: false }, false],
  [{}, false],
])('an answer that ended with %j is cut off: %s', (more, is) => {
  const run = reduce(started(), [logged({ type: 'node.completed', ...of('llm'), output: 'Hi', duration_ms: 5, ...more })]);
  expect(run.steps.get('llm')!.isTruncated === true).toBe(is);
  expect(run.log.at(-1)!.message).toBe(is ? '5 ms. Cut off at the token limit.' : '5 ms.');
});

it('what contains a step that asks a person waits, too', () => {
  const nodes = [{ id: 'outer', type: 'LoopNode', nodes: [{ id: 'each', type: 'MapNode', nodes: [{ id: 'ask', type: 'HumanNode' }] }] }];
  const ask = (item: number) => ({ node: 'ask', path: `outer/0/each/${item}/ask`, attempt: 1 });
  const begun = reduce(newRun('r'), [
    logged({ type: 'run.created', input: null, nodes }),
    logged({ type: 'node.started', node: 'outer', path: 'outer', attempt: 1 }),
    logged({ type: 'node.started', node: 'each', path: 'outer/0/each', attempt: 1 }),
    logged({ type: 'node.waiting', ...ask(0), wait_id: 'a', message: '?' }),
    logged({ type: 'node.waiting', ...ask(1), wait_id: 'b', message: '?' }),
  ]);
  const states = (run: Run) => ['outer', 'outer/0/each'].map((path) => shownState(run.steps.get(path)!));
  expect(states(begun)).toEqual(['waiting', 'waiting']);
  const one = reduce(begun, [logged({ type: 'node.resumed', ...ask(0), wait_id: 'a', payload: 1 })]);
  expect(states(one)).toEqual(['waiting', 'waiting']);
  expect(states(reduce(one, [logged({ type: 'node.completed', ...ask(1), output: 1 })]))).toEqual(['running', 'running']);
});

describe('the end', () => {
  const error = { code: 'template_error', detail: 'No field `x`.' };

  it('can be a failure', () => {
    const run = reduce(started(), [
      logged({ type: 'node.failed', ...of('llm'), error, handled: false }),
      logged({ type: 'run.failed', error, node: 'llm', path: 'llm', duration_ms: 9000 }),
    ]);
    expect(run).toMatchObject({ status: 'failed', error });
    expect(focusOf(run)).toBe('llm');
    expect(run.log.at(-1)).toMatchObject({ of: 'run', word: 'FAILED', message: 'Failed at llm after 9.0 s.' });
  });

  it('can be a failure that more steps follow', () => {
    const created = {
      type: 'run.created',
      input: 'x',
      nodes: [{ id: 'llm', type: 'LLMNode', needs: [] }],
      on_failure: [{ id: 'tell', type: 'HttpNode', needs: [] }],
    };
    seq = 0;
    const tell = { node: 'tell', path: 'on_failure/tell', attempt: 1 };
    const failing = reduce(newRun('r'), [
      logged(created),
      logged({ type: 'run.started' }),
      logged({ type: 'node.started', ...of('llm'), max_attempts: 1 }),
      logged({ type: 'node.failed', ...of('llm'), error, handled: false }),
      logged({ type: 'run.failing', error, node: 'llm', path: 'llm', deadline: time(99) }),
      logged({ type: 'node.started', ...tell, max_attempts: 1 }),
    ]);
    expect(failing).toMatchObject({ status: 'running', error, order: ['llm', 'on_failure/tell'] });
    expect(failing.steps.get('on_failure/tell')).toMatchObject({ type: 'HttpNode', state: 'running', depth: 0, container: undefined });
    expect(failing.log.at(-2)).toMatchObject({ of: 'run', word: 'FAILING', message: 'No field `x`. The steps of on_failure run.' });
    const run = reduce(failing, [
      logged({ type: 'node.failed', ...tell, error: { code: 'timeout', detail: 'Too slow.' }, handled: false }),
      logged({ type: 'run.failed', error, node: 'llm', path: 'llm', duration_ms: 9000, on_failure_error: { code: 'timeout', detail: 'Too slow.' } }),
    ]);
    expect(run).toMatchObject({ status: 'failed', error, onFailureError: { code: 'timeout', detail: 'Too slow.' } });
    expect(run.log.at(-1)!.message).toBe('Failed at llm after 9.0 s. on_failure did not complete: Too slow.');
    expect(focusOf(run)).toBe('llm');
  });

  it('comes in spite of a failure that the workflow handles', () => {
    const run = reduce(started(), [
      logged({ type: 'node.failed', ...of('llm'), error, handled: true, output: 'none' }),
      logged({ type: 'node.skipped', node: 'prompt', path: 'prompt', reason: 'needs_skipped' }),
      logged({ type: 'run.completed', output: 'none', duration_ms: 10 }),
    ]);
    expect(run.status).toBe('completed');
    expect(run.steps.get('llm')).toMatchObject({ state: 'failed', handled: true, output: 'none' });
    expect(run.steps.get('prompt')).toMatchObject({ state: 'skipped' });
    expect(run.log.slice(-3).map((line) => line.message)).toEqual([
      'template_error: No field `x`. Handled: the workflow continued.',
      'What it needs was skipped.',
      '10 ms.',
    ]);
  });

  it('can be a cancellation', () => {
    const run = reduce(started(), [
      logged({ type: 'node.cancelled', ...of('llm'), reason: 'run_cancelled' }),
      logged({ type: 'run.cancelled', reason: 'cancelled' }),
    ]);
    expect(run.status).toBe('cancelled');
    expect(run.steps.get('llm')).toMatchObject({ state: 'cancelled' });
  });

  it('can be far away, when a person has to answer', () => {
    const run = reduce(started(), [
      logged({ type: 'node.waiting', ...of('llm'), wait_id: 'w', message: 'Ok?' }),
      logged({ type: 'run.suspended', reason: 'waiting' }),
    ]);
    expect(run.status).toBe('waiting');
    expect(run.steps.get('llm')).toMatchObject({ state: 'waiting', wait: { message: 'Ok?' } });
    expect(run.log.slice(-2)).toMatchObject([
      { word: 'WAITING', message: 'Asked a person.', output: 'Ok?', said: 'llm waits for an answer.' },
      { word: 'SUSPENDED', message: 'Nothing to do until someone answers.' },
    ]);
  });

  it('is shown in lists by how many answers it waits for', () => {
    expect(statusOf({ status: 'waiting', awaiting_answers: 2 })).toBe('waiting');
    expect(statusOf({ status: 'waiting' })).toBe('delayed');
    expect(statusOf({ status: 'completed' })).toBe('completed');
  });

  it('can be a matter of time', () => {
    const later = new Date(2026, 0, 1, 14, 5).toISOString();
    const at = { time: new Date(2026, 0, 1, 13).toISOString() };
    const resting = reduce(started(), [
      logged({ type: 'node.waiting', ...of('llm'), wait_id: 'w', resumes_at: later, ...at }),
      logged({ type: 'run.suspended', reason: 'waiting', wake_at: later, ...at }),
    ]);
    expect(resting.status).toBe('delayed');
    expect(resting.steps.get('llm')).toMatchObject({ state: 'delayed' });
    expect(resting.log.slice(-2).map((line) => line.message)).toEqual(['Resumes at 14:05.', 'Nothing to do until 14:05.']);
    const going = reduce(resting, [logged({ type: 'run.resumed', reason: 'timer' }), logged({ type: 'node.resumed', ...of('llm'), wait_id: 'w' })]);
    expect(going.steps.get('llm')).toMatchObject({ state: 'running', wait: undefined, rests: [{ isForPerson: false, since: at.time, until: time(seq) }] });
    expect(going.log.slice(-2).map((line) => line.message)).toEqual(['Its time has come.', 'Its time has come.']);
  });
});

it('the focus is on what happens now', () => {
  expect(focusOf(started())).toBe('llm');
  expect(focusOf(reduce(newRun('r'), story().slice(0, 3)))).toBe('prompt');
});

it('the log has a line for each step that is worth one', () => {
  const { log } = reduce(newRun('r'), story());
  expect(log.map((line) => `${line.of} ${line.word} ${line.message}`)).toEqual([
    'run QUEUED 2 steps, version 3.',
    'run RUNNING Started.',
    'prompt RUNNING Started.',
    'prompt COMPLETED 4 ms.',
    'llm RUNNING Started (attempt 1 of 3).',
    'llm RETRYING Busy. Next attempt in 1.0 s.',
    'llm RUNNING Started (attempt 2 of 3).',
    'llm COMPLETED 900 ms, 7 tokens.',
    'run COMPLETED 2.0 s, 7 tokens.',
  ]);
});
