import { describe, expect, it } from 'vitest';
import type { Step } from '../run/run';
import type { Card } from './drawing';
import { factOf, tallyOf, verdictOf, wayStateOf, whisperOf } from './facts';

const card: Card = { path: 'a', id: 'a', type: 'LLMNode', icon: 'llm', streamsText: true, needs: ['b', 'c'], when: undefined, plan: '', inner: [] };
const step = (more: Partial<Step>): Step => ({ state: 'completed', attempt: 1, attempts: [], text: '', ...more }) as Step;

describe('the second row of a card', () => {
  it.each([
    [{ output: 'refund' }, 'refund'],
    [{ output: 'x'.repeat(171) }, '171 characters'],
    [{ output: { kind: 'refund', priority: 'high' } }, 'refund, high'],
    [{ output: { deep: {} } }, '1 field'],
    [{ output: [1, 2] }, '2 items'],
    [{ output: null }, ''],
    [{ state: 'pending' }, 'after b, c'],
    [{ state: 'running', thought: '' }, 'asking the model'],
    [{ state: 'running', thought: 'Hm' }, 'thinking, the model'],
    [{ state: 'running', text: 'x'.repeat(400), attempts: [{ live: { since: '2026-01-01T00:00:00Z', before: 0 } }] }, '≈100 tok · ≈50/s'],
    [{ state: 'running', text: 'x'.repeat(400), attempts: [{}] }, '≈100 tok'],
    [{ state: 'running', progress: '3/7' }, '3/7'],
    [{ state: 'failed', error: { code: 'timeout', detail: '' }, handled: true }, 'timeout, the workflow continued'],
    [{ state: 'skipped', reason: 'when_false' }, 'its condition was false'],
    [{ state: 'skipped', reason: 'needs_skipped', needs: ['b', 'in/C'] }, 'it needs b and C, which were skipped'],
    [{ state: 'cancelled', reason: 'sibling_failed' }, 'another step failed'],
    [{ state: 'waiting', wait: { id: '1', since: '' } }, 'waits for you'],
  ] as [Partial<Step>, string][])('of %j says %j', (more, words) => {
    expect(factOf(card, step(more), Date.parse('2026-01-01T00:00:02Z'))).toBe(words);
  });

  it('before a run says what the node is', () => {
    expect(factOf(card, undefined, 0)).toBe('LLMNode');
    expect(factOf({ ...card, plan: 'gemini-pro' }, undefined, 0)).toBe('gemini-pro');
  });

  it('names the model of a step that writes, and the attempts of one that does not', () => {
    expect(factOf({ ...card, plan: 'gemini-pro' }, step({ state: 'running', text: 'four' }), 0)).toBe('≈1 tok · gemini-pro');
    const plain = { ...card, streamsText: false };
    expect(factOf(plain, step({ state: 'running', attempt: 1, maxAttempts: 3 }), 0)).toBe('attempt 1 of 3');
    expect(factOf(plain, step({ state: 'running', attempt: 2, maxAttempts: 3 }), 0)).toBe('');
  });
});

it('a condition is known once its step is decided', () => {
  expect(verdictOf(undefined)).toBeUndefined();
  expect(verdictOf(step({ state: 'pending' }))).toBeUndefined();
  expect(verdictOf(step({ state: 'skipped', reason: 'when_false' }))).toBe(false);
  expect(verdictOf(step({ state: 'skipped', reason: 'needs_skipped' }))).toBeUndefined();
  expect(verdictOf(step({ state: 'running' }))).toBe(true);
});

it('a way is live while what it leads to works on what it comes from', () => {
  const done = step({});
  expect(wayStateOf(done, step({ state: 'running' }))).toBe('live');
  expect(wayStateOf(done, step({ state: 'completed' }))).toBe('passed');
  expect(wayStateOf(done, step({ state: 'waiting' }))).toBe('passed');
  expect(wayStateOf(done, step({ state: 'pending' }))).toBe('idle');
  expect(wayStateOf(step({ state: 'skipped' }), step({ state: 'running' }))).toBe('idle');
  expect(wayStateOf(step({ state: 'failed', handled: true }), step({ state: 'running' }))).toBe('live');
});

it('only a step that speaks whispers', () => {
  expect(whisperOf(step({ state: 'running', text: 'one\ntwo' }))).toBe('one two');
  expect(whisperOf(step({ state: 'running' }))).toBeUndefined();
  expect(whisperOf(step({ text: 'over' }))).toBeUndefined();
});

it('items are counted by state, those to come too', () => {
  expect(tallyOf(['completed', 'running', 'queued', 'completed'], 6)).toEqual([
    { state: 'completed', count: 2 },
    { state: 'running', count: 1 },
    { state: 'queued', count: 1 },
    { state: 'pending', count: 2 },
  ]);
});
