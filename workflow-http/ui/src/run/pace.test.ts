import { expect, it } from 'vitest';
import { paceOf } from './pace';
import type { Attempt } from './run';

const start = Date.parse('2026-01-01T00:00:00Z');
const attempt: Attempt = { number: 1, startedAt: '2026-01-01T00:00:00Z', live: { since: '2026-01-01T00:00:00Z', before: 0 }, queued: [] };

it('a step that writes has an estimate of its tokens and its speed', () => {
  expect(paceOf({ state: 'running', text: 'x'.repeat(400), attempts: [attempt] }, start + 2000)).toEqual({ tokens: 100, perSecond: 50 });
});

it('what was there before the page came does not count for the speed', () => {
  const late = { ...attempt, live: { since: '2026-01-01T00:00:00Z', before: 200 } };
  expect(paceOf({ state: 'running', text: 'x'.repeat(400), attempts: [late] }, start + 2000)).toEqual({ tokens: 100, perSecond: 25 });
});

it('without live text, or too early, there is no speed', () => {
  expect(paceOf({ state: 'running', text: 'some', attempts: [{ ...attempt, live: undefined }] }, start + 2000)).toEqual({ tokens: 1 });
  expect(paceOf({ state: 'running', text: 'some', attempts: [attempt] }, start + 500)).toEqual({ tokens: 1 });
});

it('a step that does not write has none', () => {
  expect(paceOf({ state: 'running', text: '', attempts: [attempt] }, start)).toBeUndefined();
  expect(paceOf({ state: 'completed', text: 'all', attempts: [attempt] }, start)).toBeUndefined();
});
