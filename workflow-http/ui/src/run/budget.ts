// A budget in words and as parts of a bar.
import type { Amount, BudgetReport } from '../api/types';
import { count, plural } from '../base/format';
import { money } from './cost';

export type Unit = 'usd' | 'tokens' | 'calls';

export interface BudgetPart {
  unit: Unit;
  words: string;
  /** Percent of the limit. */
  spent: number;
  reserved: number;
  /** Nearly all is spent or reserved. */
  isTight: boolean;
}

const UNITS = ['usd', 'tokens', 'calls'] as const;
const TIGHT = 90;

/** One for each unit with a limit. What is not known of `spent` has no length, and is said. */
export function budgetParts({ limit, spent, reserved, at_least }: BudgetReport): BudgetPart[] {
  return UNITS.flatMap((unit) => {
    const most = limit[unit];
    if (most === undefined) return [];
    const used = percent(spent[unit], most);
    const held = Math.min(percent(reserved[unit], most), 100 - used);
    return [
      { unit, words: wordsOf(unit, most, spent[unit], reserved[unit], at_least), spent: used, reserved: held, isTight: Math.round(used + held) >= TIGHT },
    ];
  });
}

const percent = (part: number | undefined, of: number): number => Math.min(100, Math.max(0, ((part ?? 0) / of) * 100));

/** $0.004 spent, $0.01 reserved, of $0.05. */
function wordsOf(unit: Unit, limit: number, spent: Amount[Unit], reserved: Amount[Unit], isPart = false): string {
  const amount = (n: number) => (unit === 'usd' ? money({ usd: n }) : count(n));
  const most = unit === 'usd' ? amount(limit) : plural(limit, unit === 'tokens' ? 'token' : 'request');
  return [
    spent === undefined ? 'spent is not known' : `${unit === 'usd' && isPart ? 'at least ' : ''}${amount(spent)} spent`,
    reserved === undefined || reserved === 0 ? '' : `${amount(reserved)} reserved`,
    `of ${most}`,
  ]
    .filter(Boolean)
    .join(', ');
}
