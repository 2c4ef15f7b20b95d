import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../api/types';
import { reduce } from './reduce';
import { newRun } from './run';
import { sibling, stepIn, turnShown, turnsOf } from './turns';

const time = '2026-01-01T00:00:00Z';
const run = (...events: object[]) =>
  reduce(
    newRun('r'),
    [
      {
        type: 'run.created',
        input: null,
        nodes: [
          {
            id: 'each',
            type: 'MapNode',
            nodes: [
              { id: 'sum', type: 'LLMNode' },
              { id: 'rest', type: 'LoopNode', needs: ['sum'], nodes: [{ id: 'draft', type: 'LLMNode' }] },
            ],
          },
        ],
      },
      ...events,
    ].map((event, index) => ({ run_id: 'r', seq: index + 1, time, ...event }) as RunEvent),
  );
const step = (type: string, path: string) => ({ type: `node.${type}`, node: path.split('/').at(-1), path, attempt: 1, error: { detail: 'no' } });
const both = (index: number) => [
  step('started', `each/${index}/sum`),
  step('completed', `each/${index}/sum`),
  step('started', `each/${index}/rest`),
  step('completed', `each/${index}/rest`),
];

describe('the items of a map', () => {
  it('are done when all that is in them is, and at work before', () => {
    const going = run(step('started', 'each'), ...both(0), step('started', 'each/1/sum'), step('completed', 'each/1/sum'));
    expect(turnsOf(going, 'each')).toEqual([
      { index: 0, state: 'completed' },
      { index: 1, state: 'running' },
    ]);
  });

  it('are as their loudest step', () => {
    const going = run(step('started', 'each'), ...both(0), step('failed', 'each/1/sum'), step('started', 'each/2/sum'), step('retrying', 'each/2/sum'));
    expect(turnsOf(going, 'each').map(({ state }) => state)).toEqual(['completed', 'failed', 'retrying']);
  });

  it('come in the order of their numbers', () => {
    const going = run(step('started', 'each'), ...[10, 9, 2].map((index) => step('started', `each/${index}/sum`)));
    expect(turnsOf(going, 'each').map(({ index }) => index)).toEqual([2, 9, 10]);
  });
});

describe('the item that is shown', () => {
  const going = run(step('started', 'each'), ...both(0), step('started', 'each/1/sum'), step('started', 'each/2/sum'));

  it('is that of the choice, else the first at work', () => {
    expect(turnShown(going, 'each', 'each/2/sum')).toBe(2);
    expect(turnShown(going, 'each', 'each')).toBe(1);
    expect(turnShown(going, 'each', undefined)).toBe(1);
  });

  it('is the last when all are done, and none before the first', () => {
    expect(turnShown(run(step('started', 'each'), ...both(0), ...both(1)), 'each', undefined)).toBe(1);
    expect(turnShown(run(), 'each', undefined)).toBeUndefined();
  });
});

describe('from item to item', () => {
  const going = run(step('started', 'each'), ...both(0), step('started', 'each/0/rest/0/draft'), step('started', 'each/1/sum'));

  it('the same step is chosen, or what there is', () => {
    expect(sibling(going, 'each/0/sum', 1)).toBe('each/1/sum');
    expect(sibling(going, 'each/0/rest', 1)).toBe('each/1/sum');
    expect(sibling(going, 'each/1/sum', -1)).toBe('each/0/sum');
  });

  it('there is nothing beyond the ends, or outside', () => {
    expect(sibling(going, 'each/1/sum', 1)).toBeUndefined();
    expect(sibling(going, 'each', 1)).toBeUndefined();
    expect(sibling(going, 'each/0/rest/0/draft', 1)).toBeUndefined();
  });

  it('an item is entered by its first step', () => {
    expect(stepIn(going, 'each', 0)).toBe('each/0/sum');
    expect(stepIn(going, 'each', 7)).toBeUndefined();
  });
});
