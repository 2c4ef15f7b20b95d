import { expect, it } from 'vitest';
import type { Prediction } from '../api/types';
import { ceilingWords, forecastWords } from './forecast';

const said = (counts: Prediction['counts'], cost: Partial<Prediction['cost']> = {}) =>
  forecastWords({ steps: [], counts, cost: { min: 0, likely: null, max: null, ...cost } });

it('says how much is reused, what runs and what that costs', () => {
  expect(said({ reused: 7, runs: 2 }, { likely: { usd: 0.004 }, max: 1 })).toBe('7 of 9 steps reused, 2 run, about $0.004');
  expect(said({ reused: 1, runs: 1, held: 1, asks: 2, unknown: 3, fails: 1 })).toBe(
    '1 of 9 steps reused, 1 runs, 1 is held, 2 ask a person, 3 may run, 1 fails',
  );
});

it('says so when nothing is left to do', () => {
  expect(said({ reused: 9 })).toBe('all 9 steps reused');
  expect(said({ reused: 7, computed: 2 })).toBe('7 of 9 steps reused, nothing else to ask or send');
});

it('says nothing of a cost that is not known, and never zero', () => {
  expect(said({ runs: 2 })).toBe('no step reused, 2 run');
  expect(said({ runs: 2 }, { likely: { usd: 0 } })).toBe('no step reused, 2 run');
  expect(said({ runs: 2 }, { likely: { usd: 0.5, at_least: true } })).toBe('no step reused, 2 run, at least $0.50');
  expect(said({ runs: 2 }, { max: 0.012 })).toBe('no step reused, 2 run, at most $0.012');
  expect(ceilingWords({ min: 0, likely: null, max: 0 })).toBe('');
});
