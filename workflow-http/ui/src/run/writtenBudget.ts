// A budget as a person writes it: the most that the next run may use.
import type { Budget, Fault } from '../api/types';
import { count, plural } from '../base/format';
import type { Unit } from './budget';
import { money } from './cost';

/** `when`: what happens when it is used up. Without any limit, it means nothing. */
export interface WrittenBudget extends Record<Unit, string> {
  when: 'fail' | 'ask';
}

export const NO_BUDGET: WrittenBudget = { usd: '', tokens: '', calls: '', when: 'fail' };

/** As the server wants it; `undefined` if nothing is limited. Pointers of faults are those of the request. */
export function readBudget(written: WrittenBudget): { budget?: Budget; faults: Fault[] } {
  const budget: Budget = {};
  const faults: Fault[] = [];
  for (const unit of ['usd', 'tokens', 'calls'] as const) {
    const text = written[unit].trim();
    if (text === '') continue;
    const isMoney = unit === 'usd';
    if ((isMoney ? /^\d*\.?\d{1,9}$/ : /^\d{1,15}$/).test(text) && Number(text) > 0) budget[unit] = Number(text);
    else {
      const detail = `\`${text}\` is not ${isMoney ? 'an amount such as 0.50, with at most nine decimals' : 'a whole number'} above 0.`;
      faults.push({ code: 'invalid_value', pointer: `#/budget/${unit}`, detail });
    }
  }
  const isSet = Object.keys(budget).length > 0;
  return { ...(isSet && faults.length === 0 ? { budget: { ...budget, when_exceeded: written.when } } : {}), faults };
}

/** $0.50, 20,000 tokens, 10 requests. */
export const budgetWords = ({ usd, tokens, calls }: Budget): string =>
  [
    usd === undefined ? '' : money({ usd }),
    tokens === undefined ? '' : tokens === 1 ? '1 token' : `${count(tokens)} tokens`,
    calls === undefined ? '' : plural(calls, 'request'),
  ]
    .filter(Boolean)
    .join(', ');
