// A prediction in a few words.
import type { Prediction } from '../api/types';
import { plural } from '../base/format';
import { money } from './cost';

/** 7 of 9 steps reused, 2 run, about $0.004. */
export function forecastWords({ counts, cost }: Prediction): string {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const { reused = 0, runs = 0, held = 0, asks = 0, unknown = 0, fails = 0 } = counts;
  const some = (count: number, one: string, more = one) => (count > 0 ? `${count} ${count === 1 ? one : more}` : '');
  const works = [
    some(runs, 'runs', 'run'),
    some(held, 'is held', 'are held'),
    some(asks, 'asks a person', 'ask a person'),
    some(unknown, 'may run'),
    some(fails, 'fails', 'fail'),
  ].filter(Boolean);
  return [
    reused === 0 ? 'no step reused' : reused === total ? `all ${plural(total, 'step')} reused` : `${reused} of ${plural(total, 'step')} reused`,
    ...(works.length > 0 ? works : reused > 0 && reused < total ? ['nothing else to ask or send'] : []),
    cost.likely && (cost.likely.usd > 0 || cost.likely.at_least) ? likelyWords(cost.likely) : ceilingWords(cost),
  ]
    .filter(Boolean)
    .join(', ');
}

const likelyWords = (likely: NonNullable<Prediction['cost']['likely']>): string => (likely.at_least ? money(likely) : `about ${money(likely)}`);

/** At most $0.012; nothing where there is no bound. */
export const ceilingWords = ({ max }: Prediction['cost']): string => (max === null || max === undefined || max === 0 ? '' : `at most ${money({ usd: max })}`);
