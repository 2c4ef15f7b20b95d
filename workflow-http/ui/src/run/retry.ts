// What a retry costs: which results it keeps, and how much it runs again.
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
  // In a graph without circles this ends: each round adds a node, or is the last.
  for (let before = 0; before !== again.size; ) {
    before = again.size;
    for (const { id, needs = [] } of nodes) if (needs.some((need) => again.has(need))) again.add(id);
  }
  // What was skipped is skipped again, unless what it needs may change.
  const stateOf = (id: string) => (again.has(id) ? undefined : run.steps.get(id)?.state);
  const keeps = nodes.filter(({ id }) => stateOf(id) === 'completed').length;
  const skips = nodes.filter(({ id }) => stateOf(id) === 'skipped').length;
  return { from, keeps, runs: nodes.length - keeps - skips };
}
