import { expect, it } from 'vitest';
import { budgetParts } from './budget';

it('has a part for each unit with a limit', () => {
  const parts = budgetParts({
    limit: { usd: 0.05, calls: 1, when_exceeded: 'ask' },
    spent: { usd: 0.02, tokens: 900, calls: 1 },
    at_least: true,
    reserved: { usd: 0.01, tokens: 10, calls: 0 },
  });
  expect(parts).toEqual([
    { unit: 'usd', words: 'at least $0.02 spent, $0.01 reserved, of $0.05', spent: 40, reserved: 20, isTight: false },
    { unit: 'calls', words: '1 spent, of 1 request', spent: 100, reserved: 0, isTight: true },
  ]);
});

it('has no length for what is not known, and none over the limit', () => {
  expect(budgetParts({ limit: { usd: 1 }, spent: { calls: 3 }, reserved: { calls: 0 } })).toEqual([
    { unit: 'usd', words: 'spent is not known, of $1.00', spent: 0, reserved: 0, isTight: false },
  ]);
  expect(budgetParts({ limit: { tokens: 100 }, spent: { tokens: 150, calls: 3 }, reserved: { tokens: 50, calls: 1 } })).toMatchObject([
    { spent: 100, reserved: 0 },
  ]);
});
