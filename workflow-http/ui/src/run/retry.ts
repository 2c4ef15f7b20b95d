// The cost of a retry: how many results it reuses, and how many steps it runs.
import type { Run } from './run';

export interface Price {
  /** The top-level step it begins at. */
  from: string;
  keeps: number;
  runs: number;
}

/** A retry begins at a step of the workflow itself: for one inside another, at the outermost. */
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
