import { describe, expect, it } from 'vitest';
import { budgetWords, NO_BUDGET, readBudget } from './writtenBudget';

describe('a written budget', () => {
  it('has the units that are limited', () => {
    const { budget, faults } = readBudget({ usd: ' .5', tokens: '', calls: '10', when: 'ask' });
    expect([budget, faults]).toEqual([{ usd: 0.5, calls: 10, when_exceeded: 'ask' }, []]);
    expect(budgetWords(budget!)).toBe('$0.50, 10 requests');
  });

  it('is none without a limit, whatever happens when it is used up', () => {
    expect(readBudget({ ...NO_BUDGET, when: 'ask', usd: '  ' })).toEqual({ faults: [] });
  });

  it.each([
    ['usd', '0'],
    ['usd', '0.0000000001'],
    ['usd', '1e3'],
    ['usd', '0,5'],
    ['usd', '.'],
    ['tokens', '1.5'],
    ['tokens', '9'.repeat(20)],
    ['calls', '-1'],
    ['calls', '0'],
  ] as const)('with %s of %s is not sent', (unit, text) => {
    const { budget, faults } = readBudget({ ...NO_BUDGET, calls: '3', [unit]: text });
    expect(budget).toBeUndefined();
    expect(faults).toMatchObject([{ pointer: `#/budget/${unit}`, detail: expect.stringContaining(`\`${text}\` is not`) }]);
  });
});
