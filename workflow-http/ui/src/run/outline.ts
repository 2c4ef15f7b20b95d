// The place of a step in its run, found by its path in the outline of the run's first event.
import type { CalledWorkflow, NodeOutline } from '../api/types';

export interface Outline {
  nodes: NodeOutline[];
  /** The nodes that run if the run fails. */
  onFailure?: NodeOutline[];
  /** The workflows that are called, by what they are called. */
  workflows: ReadonlyMap<string, CalledWorkflow>;
}

export interface Place {
  type: string;
  /** Paths, as `needs` are of steps beside this one. */
  needs: string[];
  /** The path of the map, loop or call it is in. */
  container: string | undefined;
  /** Which item or round it belongs to: `item 8`, `round 2`. */
  turn: string | undefined;
  depth: number;
  /** The workflow it calls. */
  calls: string | undefined;
  /** How many nodes it repeats or calls. */
  body: number;
  /** Orders the steps of a run as they are written, items and rounds by their number. */
  rank: number[];
}

/** The first part of the paths of the nodes that run if the run fails. No other node of such a workflow has this id. */
export const ON_FAILURE = 'on_failure';

/** Whether a path is that of a step of `on_failure`. */
export const isOnFailure = ({ onFailure }: Pick<Outline, 'onFailure'>, path: string): boolean =>
  onFailure !== undefined && onFailure.length > 0 && path.startsWith(`${ON_FAILURE}/`);

/** `each/2/sum` is `sum` for item 2 of `each`, and `call/sum` is `sum` in the workflow that `call` names. */
export function placeOf(outline: Outline, path: string): Place {
  const { nodes, onFailure = [], workflows } = outline;
  const isLast = isOnFailure(outline, path);
  const parts = path.split('/').slice(isLast ? 1 : 0);
  // After all nodes of the workflow.
  const rank: number[] = isLast ? [nodes.length] : [];
  const above: (NodeOutline | undefined)[] = [];
  let beside = isLast ? onFailure : nodes;
  for (const part of parts) {
    if (isNumber(part)) {
      rank.push(Number(part));
      continue;
    }
    const index = beside.findIndex((node) => node.id === part);
    const node = beside[index];
    rank.push(index < 0 ? beside.length : index);
    above.push(node);
    beside = node?.nodes ?? workflows.get(node?.workflow ?? '')?.nodes ?? [];
  }
  const node = above.pop();
  const turn = parts.at(-2);
  const before = path.slice(0, path.lastIndexOf('/') + 1);
  return {
    type: node?.type ?? '',
    needs: (node?.needs ?? []).map((need) => before + need),
    container: isLast && parts.length === 1 ? undefined : containerOf(path),
    turn: !isNumber(turn) ? undefined : above.at(-1)?.type === 'LoopNode' ? `round ${Number(turn) + 1}` : `item ${turn}`,
    depth: above.length,
    calls: node?.workflow,
    body: beside.length,
    rank,
  };
}

/** An id never begins with a digit. */
const isNumber = (part: string | undefined): part is string => part !== undefined && /^\d/.test(part);

/** The id of the node of a step. */
export const idOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** `each` of `each/2/sum`. */
export function containerOf(path: string): string | undefined {
  const parts = path.split('/').slice(0, -1);
  if (isNumber(parts.at(-1))) parts.pop();
  return parts.length > 0 ? parts.join('/') : undefined;
}

/** Where in `order` a step of this rank belongs: before the first that comes after it. */
export function indexOf(order: string[], rank: number[], rankOf: (path: string) => number[]): number {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isAfter(rankOf(order[middle]!), rank)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A container comes before what is in it. */
function isAfter(one: number[], other: number[]): boolean {
  const at = other.findIndex((number, index) => number !== one[index]);
  if (at < 0) return one.length > other.length;
  return at < one.length && one[at]! > other[at]!;
}
