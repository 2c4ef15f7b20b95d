import { expect, it } from 'vitest';
import type { Prediction, RunEvent } from '../api/types';
import { keptWords, priceOf } from './retry';
import { reduce } from './reduce';
import { newRun } from './run';

const nodes = [
  { id: 'ask', type: 'LLMNode', needs: [] },
  { id: 'left', type: 'PromptNode', needs: ['ask'] },
  { id: 'right', type: 'PromptNode', needs: ['ask'] },
  { id: 'aside', type: 'PromptNode', needs: ['ask'] },
  { id: 'last', type: 'LLMNode', needs: ['left', 'right'] },
];
const events: object[] = [
  { type: 'run.created', input: null, nodes },
  ...['ask', 'left', 'right'].map((id) => ({ type: 'node.completed', node: id, path: id, output: null })),
  { type: 'node.skipped', node: 'aside', path: 'aside', reason: 'when_false' },
  { type: 'node.failed', node: 'last', path: 'last', error: { detail: 'no' } },
];
const run = reduce(
  newRun('r'),
  events.map((event, index) => ({ run_id: 'r', seq: index + 1, time: '2026-01-01T00:00:00Z', ...event }) as RunEvent),
);

it.each([
  ['last', { from: 'last', keeps: 3, runs: 1 }],
  ['left', { from: 'left', keeps: 2, runs: 2 }],
  ['ask', { from: 'ask', keeps: 0, runs: 5 }],
  ['left/2/inner', { from: 'left', keeps: 2, runs: 2 }],
])('a retry from %s keeps what does not come after it', (path, price) => expect(priceOf(run, path)).toEqual(price));

it('keeps nothing of a run that has not begun', () => {
  const early = reduce(newRun('r'), [{ run_id: 'r', seq: 1, time: '2026-01-01T00:00:00Z', type: 'run.created', input: null, nodes } as RunEvent]);
  expect(priceOf(early, 'last')).toEqual({ from: 'last', keeps: 0, runs: 5 });
});

it('is said as the server predicts it, and until then as the most that may be kept', () => {
  const steps = Object.entries({ ask: 'reused', left: 'computed', 'left/0/in': 'reused', right: 'unknown', aside: 'skipped', last: 'held' });
  const forecast = {
    steps: steps.map(([path, status]) => ({ node: path, path, type: 'LLMNode', status })),
    counts: {},
    cost: { min: 0, likely: null, max: null },
  } as Prediction;
  const price = priceOf(run, 'last');
  expect(keptWords(forecast, price)).toBe('Keeps 1 result, runs 2 steps, 1 step may run.');
  expect(keptWords({ ...forecast, steps: forecast.steps.slice(1, 2) }, price)).toBe('Runs 1 step.');
  expect(keptWords(undefined, price)).toBe('Keeps at most 3 results.');
  expect(keptWords({ ...forecast, steps_omitted: true }, price)).toBe('Keeps at most 3 results.');
  expect(keptWords(undefined, priceOf(run, 'ask'))).toBe('Runs all steps.');
});
