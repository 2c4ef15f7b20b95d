import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../api/types';
import { BUSY, cpuTimeOf } from '../base/cpuTime';
import { focusWithin, isFolded, startsFolded, visibleSteps } from './fold';
import { reduce } from './reduce';
import { asked, newRun, type Run } from './run';

const NONE = new Map();

const time = '2026-01-01T00:00:00Z';
const events = (...them: object[]): RunEvent[] => them.map((event, index) => ({ run_id: 'r', seq: index + 1, time, ...event }) as RunEvent);
const started = (path: string) => ({ type: 'node.started', node: path.split('/').at(-1), path, attempt: 1 });

/** A map of so many items, all begun, and the step that comes after it. */
const mapOf = (items: number, ...more: object[]): Run =>
  reduce(
    newRun('r'),
    events(
      {
        type: 'run.created',
        input: null,
        nodes: [
          { id: 'each', type: 'MapNode', needs: [], nodes: [{ id: 'sum', type: 'LLMNode' }] },
          { id: 'merge', type: 'PromptNode', needs: ['each'] },
        ],
      },
      started('each'),
      { type: 'node.progress', node: 'each', path: 'each', items_done: 0, items },
      ...Array.from({ length: items }, (_, index) => started(`each/${items - 1 - index}/sum`)),
      ...more,
    ),
  );

describe('a container', () => {
  it('of a few steps is open, of many it starts folded', () => {
    expect(startsFolded(mapOf(20).steps.get('each')!)).toBe(false);
    expect(startsFolded(mapOf(21).steps.get('each')!)).toBe(true);
  });

  it('is folded before its many items have begun', () => {
    const run = reduce(mapOf(0), [{ run_id: 'r', seq: 99, time, type: 'node.progress', node: 'each', path: 'each', items_done: 0, items: 30 }]);
    expect(run.steps.get('each')).toMatchObject({ inner: 0, innerToCome: 30, progress: '0/30' });
    expect(startsFolded(run.steps.get('each')!)).toBe(true);
  });

  it('is as someone left it', () => {
    expect(isFolded(new Map([['each', false]]), mapOf(30).steps.get('each')!)).toBe(false);
    expect(isFolded(new Map([['each', true]]), mapOf(2).steps.get('each')!)).toBe(true);
  });
});

describe('the list', () => {
  it('has inner steps after what they are in, by number', () => {
    const run = mapOf(12);
    expect(visibleSteps(run, NONE, undefined)).toEqual(['each', ...Array.from({ length: 12 }, (_, item) => `each/${item}/sum`), 'merge']);
    expect(run.steps.get('each/3/sum')).toMatchObject({ type: 'LLMNode', turn: 'item 3' });
  });

  it('leaves out what is folded, except what is chosen', () => {
    const run = mapOf(2000);
    expect(visibleSteps(run, NONE, undefined)).toEqual(['each', 'merge']);
    expect(visibleSteps(run, NONE, 'each/7/sum')).toEqual(['each', 'each/7/sum', 'merge']);
    expect(visibleSteps(run, new Map([['each', false]]), undefined)).toHaveLength(2002);
  });

  it(
    'is quick to build',
    () => {
      expect(cpuTimeOf(() => mapOf(10_000))).toBeLessThan(2000);
    },
    BUSY,
  );
});

describe('the focus', () => {
  it('is inside what is open, and on what is folded', () => {
    expect(focusWithin(mapOf(3), NONE)).toBe('each/2/sum');
    expect(focusWithin(mapOf(30), NONE)).toBe('each');
    expect(focusWithin(mapOf(30), new Map([['each', false]]))).toBe('each/29/sum');
  });

  it('is on what asks a person, folded or not, before anything that runs', () => {
    const run = mapOf(30, { type: 'node.waiting', node: 'sum', path: 'each/4/sum', wait_id: 'w', message: 'Good?' });
    expect(focusWithin(run, NONE)).toBe('each/4/sum');
    expect(asked(run).map((step) => step.path)).toEqual(['each/4/sum']);
  });
});
