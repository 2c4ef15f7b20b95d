import { expect, it } from 'vitest';
import type { RunEvent } from '../api/types';
import { reduce } from './reduce';
import { newRun } from './run';
import { referred, stepFor } from './values';

const nodes = [
  { id: 'my-step', type: 'LLMNode', needs: [] },
  {
    id: 'each',
    type: 'MapNode',
    needs: ['my-step'],
    nodes: [
      { id: 'sum', type: 'PromptNode', needs: [] },
      { id: 'last', type: 'PromptNode', needs: ['sum'] },
    ],
  },
  { id: 'constructor', type: 'LLMNode', needs: ['each'] },
];
const completed = (path: string, output: unknown) => ({ type: 'node.completed', node: path.split('/').at(-1), path, attempt: 1, output });
const events = [
  { type: 'run.created', input: { name: 'Ada', tags: ['x'] }, nodes },
  completed('my-step', { kind: 'refund', items: [{ id: 7 }] }),
  completed('each/0/sum', 'zero'),
  completed('each/1/sum', 'one'),
  completed('each/1/last', null),
];
const run = reduce(newRun('r'), events.map((event, index) => ({ seq: index + 1, time: '2026-01-01T00:00:00Z', ...event })) as unknown as RunEvent[]);

it.each([
  ['my_step.output.kind', '', 'refund'],
  ['my_step.output.items[0].id', 'each', 7],
  ["my_step.output['kind']", 'each/1/last', 'refund'],
  ['sum.output', 'each/1/last', 'one'],
  ['sum.output', 'each/0/last', 'zero'],
  ['last.output', 'each/1/sum', null],
  ['input.tags[0]', 'each', 'x'],
  ['input', '', { name: 'Ada', tags: ['x'] }],
])('%s at %s', (expression, at, value) => expect(referred(run, at, expression)).toEqual({ value }));

it.each([
  ['my_step.output | length', ''],
  ['my_step.status', ''],
  ['my_step.output.none', ''],
  ['my_step.output.constructor', ''],
  ['constructor.output', ''],
  ['sum.output', 'each'],
  ['input.name', 'each/1/sum'],
  ['item', 'each/1/sum'],
])('%s at %s is for the server', (expression, at) => expect(referred(run, at, expression)).toBeUndefined());

it('finds the item of the chosen step', () => {
  expect(stepFor(run, 'each/sum', 'each/1/last')).toBe('each/1/sum');
  expect(stepFor(run, 'each/sum', 'my-step')).toBe('each/0/sum');
  expect(stepFor(run, 'none', undefined)).toBeUndefined();
});
