// The place of a step in its run, found by its path in the outline of the run's first event.
import { AGENT_TURN, TOOL_CALL, type CalledWorkflow, type NodeOutline } from '../api/types';

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
  /** The path of the node in the text, whichever item, round or turn it is of: `each/sum`, `support/order/get`. */
  written: string;
  /** The path of the container it is in. */
  container: string | undefined;
  /** Which item, round or turn it belongs to: `item 8`, `round 2`. */
  turn: string | undefined;
  /** What the numbers in the paths of the steps inside it count. */
  repeats: Repeats | undefined;
  /** The place of a tool call among those of its turn. */
  callIndex: number | undefined;
  depth: number;
  /** The workflow it calls. */
  calls: string | undefined;
  /** How many nodes it repeats or calls. */
  body: number;
  /** Orders the steps of a run as they are written, items and rounds by their number. */
  rank: number[];
}

/** What a container repeats its nodes for. The numbers of rounds and turns are shown from 1. */
export type Repeats = 'item' | 'round' | 'turn';

/** The id in place of that of a tool, for calls of tools that do not exist. */
export const UNKNOWN_TOOL = 'unknown';

/** The last part of the written path of a turn. No tool can have this name. */
export const TURN_ID = ':turn';

/** Whether these are the steps of an agent, which stand in the place of the nodes of a container. */
export const isAgent = (nodes: NodeOutline[] | undefined): boolean => nodes?.some(({ type }) => type === AGENT_TURN) ?? false;

/** The first part of the paths of the nodes that run if the run fails. No other node of such a workflow has this id. */
export const ON_FAILURE = 'on_failure';

/** Whether a path is that of a step of `on_failure`. */
export const isOnFailure = ({ onFailure }: Pick<Outline, 'onFailure'>, path: string): boolean =>
  onFailure !== undefined && onFailure.length > 0 && path.startsWith(`${ON_FAILURE}/`);

/**
 * `each/2/sum` is `sum` for item 2 of `each`, `call/sum` is `sum` in the workflow that `call` names, and `support/0/order-1/get` is
 * `get` in the tool `order`, which is call 1 in turn 0 of the agent `support`.
 */
export function placeOf(outline: Outline, path: string): Place {
  const { nodes, onFailure = [], workflows } = outline;
  const isLast = isOnFailure(outline, path);
  const parts = path.split('/').slice(isLast ? 1 : 0);
  // After all nodes of the workflow.
  const rank: number[] = isLast ? [nodes.length] : [];
  const ids: string[] = isLast ? [ON_FAILURE] : [];
  const above: (NodeOutline | undefined)[] = [];
  let callIndex: number | undefined;
  let beside = isLast ? onFailure : nodes;
  for (const part of parts) {
    if (isNumber(part)) {
      rank.push(Number(part));
      continue;
    }
    const call = isAgent(beside) ? callIn(part) : undefined;
    callIndex = call?.index;
    const index = beside.findIndex((node) => (call ? node.type === TOOL_CALL && node.id === call.tool : node.id === part));
    const node = beside[index];
    // Calls come after their turn, in their own order.
    rank.push(call ? 1 + call.index : index < 0 ? beside.length : index);
    ids.push(node?.type === AGENT_TURN ? TURN_ID : (call?.tool ?? part));
    above.push(node);
    beside = insideOf(node, workflows);
  }
  const node = above.pop();
  const turn = parts.at(-2);
  const before = path.slice(0, path.lastIndexOf('/') + 1);
  return {
    type: node?.type ?? '',
    written: ids.join('/'),
    needs: (node?.needs ?? []).map((need) => before + need),
    container: isLast && parts.length === 1 ? undefined : containerOf(path),
    turn: isNumber(turn) ? turnWords(repeatsOf(above.at(-1)) ?? 'item', Number(turn)) : undefined,
    repeats: repeatsOf(node),
    callIndex,
    depth: above.length,
    calls: node?.workflow,
    body: beside.length,
    rank,
  };
}

/** The nodes in a container: its own, or those of the workflow it calls. */
export const insideOf = (node: NodeOutline | undefined, workflows: Outline['workflows']): NodeOutline[] =>
  node?.nodes?.length ? node.nodes : (workflows.get(node?.workflow ?? '')?.nodes ?? []);

/** A call of a tool or of a workflow runs its nodes once. */
export function repeatsOf(node: NodeOutline | undefined): Repeats | undefined {
  if (!node?.nodes?.length || node.type === TOOL_CALL) return undefined;
  return isAgent(node.nodes) ? 'turn' : node.type === 'LoopNode' ? 'round' : 'item';
}

/** `item 3`, `round 4`, `turn 4`. */
export const turnWords = (repeats: Repeats, index: number): string => `${repeats} ${repeats === 'item' ? index : index + 1}`;

/** `order-1` is call 1 of a turn, of the tool `order`. */
function callIn(part: string): { tool: string; index: number } | undefined {
  const [, tool, index] = /^(.+)-(\d+)$/.exec(part) ?? [];
  return tool === undefined ? undefined : { tool, index: Number(index) };
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
