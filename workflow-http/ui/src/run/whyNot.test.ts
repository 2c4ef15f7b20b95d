import { expect, it } from 'vitest';
import { whyNot } from './whyNot';

const skipped = (reason: string, ...needs: string[]) => ({ state: 'skipped' as const, reason, needs });

it.each([
  [skipped('when_false'), undefined, 'Its condition was false.'],
  [skipped('when_false', 'a'), " a.output.kind == 'x' ", "`a.output.kind == 'x'` was false."],
  [skipped('needs_skipped', 'each/2/a'), 'a.output', 'It needs `a`, which was skipped.'],
  [skipped('needs_skipped', 'a', 'b'), undefined, 'It needs `a` and `b`, which were skipped.'],
  [skipped('needs_skipped', 'a', 'b', 'c', 'd'), undefined, 'All 4 steps it needs were skipped.'],
  [{ state: 'cancelled' as const, reason: 'sibling_failed', needs: ['a'] }, undefined, 'Another step failed.'],
  [{ state: 'completed' as const, reason: undefined, needs: [] }, undefined, ''],
])('%j with the condition %j: %s', (step, when, words) => {
  expect(whyNot(step, when)).toBe(words);
});
