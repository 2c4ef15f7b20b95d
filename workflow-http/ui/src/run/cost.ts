// What steps and runs cost. What is not known is absent, never zero.
import type { Cost, Usage } from '../api/types';

/** The sum of the costs of attempts. `hasUnknown`: an attempt used tokens, and its price is not known. */
export interface Spent {
  usd?: number;
  hasUnknown?: boolean;
}

/** With one more attempt. */
export function spend(before: Spent | undefined, { usage, cost }: { usage?: Usage; cost?: Cost }): Spent | undefined {
  const isUnknown = cost ? cost.at_least : (usage?.input_tokens ?? 0) + (usage?.output_tokens ?? 0) > 0;
  return cost || isUnknown ? total([before, { usd: cost?.usd, hasUnknown: isUnknown }]) : before;
}

export function total(all: Iterable<Spent | undefined>): Spent {
  const sum: Spent = {};
  for (const spent of all) {
    if (spent?.usd !== undefined) sum.usd = (sum.usd ?? 0) + spent.usd;
    if (spent?.hasUnknown) sum.hasUnknown = true;
  }
  return sum;
}

export const costOf = ({ usd, hasUnknown }: Spent): Cost | undefined => (usd === undefined ? undefined : { usd, ...(hasUnknown ? { at_least: true } : {}) });

/** ≥$0.01: where there is no place for words. */
export const shortMoney = ({ usd, at_least }: Cost): string => (at_least ? '≥' : '') + money({ usd });

/** $1.20, $0.0042, at least $0.01: cents, of less two digits that count, and no more places than there are nano-dollars. */
export function money({ usd, at_least }: Cost): string {
  const places = usd === 0 ? 0 : Math.min(9, Math.max(2, 1 - Math.floor(Math.log10(usd))));
  return `${at_least ? 'at least ' : ''}$${usd.toFixed(places).replace(/(\.\d\d\d*?)0+$/, '$1')}`;
}
