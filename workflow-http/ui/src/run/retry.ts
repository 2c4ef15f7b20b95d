// What a retry keeps: how many results it reuses, and how many steps it runs.
import type { Prediction } from '../api/types';
import { plural } from '../base/format';
import type { Run } from './run';

export interface Price {
  /** The top-level step it begins at. */
  from: string;
  keeps: number;
  runs: number;
}

/** A retry begins at a step of the workflow itself: for one inside another, at the outermost. */
/** By the graph alone: at most so many results are kept, since steps that would do something else run, too. */
export function priceOf(run: Run, path: string): Price {
  const from = path.split('/')[0]!;
  const nodes = run.outline.nodes;
  const again = new Set([from]);
  // It ends: each pass adds a node or is the last.
  for (let before = 0; before !== again.size; ) {
    before = again.size;
    for (const { id, needs = [] } of nodes) if (needs.some((need) => again.has(need))) again.add(id);
  }
  // A skipped step is skipped again, unless its dependencies may change.
  const stateOf = (id: string) => (again.has(id) ? undefined : run.steps.get(id)?.state);
  const keeps = nodes.filter(({ id }) => stateOf(id) === 'completed').length;
  const skips = nodes.filter(({ id }) => stateOf(id) === 'skipped').length;
  return { from, keeps, runs: nodes.length - keeps - skips };
}

/** Keeps 3 results, runs 2 steps, 1 step may run. Only steps of the workflow itself count. Until there is a prediction, the most that it may keep. */
export function keptWords(forecast: Prediction | undefined, { keeps }: Price): string {
  if (!forecast || forecast.steps_omitted) return keeps > 0 ? `Keeps at most ${plural(keeps, 'result')}.` : 'Runs all steps.';
  const all = forecast.steps.filter(({ path }) => !path.includes('/'));
  const some = (...statuses: Prediction['steps'][number]['status'][]) => all.filter(({ status }) => statuses.includes(status)).length;
  const [kept, runs, unknown] = [some('reused'), some('runs', 'computed', 'held', 'asks', 'fails'), some('unknown')];
  const words = [
    kept > 0 ? `keeps ${plural(kept, 'result')}` : '',
    runs > 0 ? `runs ${plural(runs, 'step')}` : '',
    unknown > 0 ? `${plural(unknown, 'step')} may run` : '',
  ].filter(Boolean);
  const sentence = words.join(', ');
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}
