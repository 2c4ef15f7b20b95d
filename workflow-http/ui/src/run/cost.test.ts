import { expect, it } from 'vitest';
import { costOf, money, spend, total } from './cost';

it.each([
  [0, '$0'],
  [0.000000004, '$0.000000004'],
  [0.00423, '$0.0042'],
  [0.01, '$0.01'],
  [0.012, '$0.012'],
  [0.5, '$0.50'],
  [0.999, '$1.00'],
  [1.5, '$1.50'],
  [20, '$20.00'],
])('%f is %s', (usd, words) => expect(money({ usd })).toBe(words));

it('says at least where a part is not known', () => expect(money({ usd: 0.01, at_least: true })).toBe('at least $0.01'));

it('knows nothing of an attempt that used tokens and has no price, and never says zero', () => {
  const first = spend(undefined, { usage: { input_tokens: 3, output_tokens: 4 } });
  expect(costOf(first!)).toBeUndefined();
  expect(costOf(spend(first, { cost: { usd: 0.25 } })!)).toEqual({ usd: 0.25, at_least: true });
});

it('adds nothing for an attempt that used nothing', () => {
  expect(spend(undefined, {})).toBeUndefined();
  expect(costOf(total([undefined, spend(undefined, { cost: { usd: 1 } }), spend(undefined, { cost: { usd: 0.5 } })]))).toEqual({ usd: 1.5 });
  expect(costOf(total([]))).toBeUndefined();
});
