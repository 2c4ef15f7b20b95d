// The place of a step in its run, found by its path in the outline of the run's first event.
import { AGENT_TURN, TOOL_CALL } from '../api/nodeTypes';
import type { NodeOutline } from '../api/types';
import { containerOf, insideOf, isAgent, isNumber, isOnFailure, ON_FAILURE, repeatsOf, TURN_ID, turnWords, type Outline, type Place } from './outline';

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

/** `order-1` is call 1 of a turn, of the tool `order`. */
function callIn(part: string): { tool: string; index: number } | undefined {
  const [, tool, index] = /^(.+)-(\d+)$/.exec(part) ?? [];
  return tool === undefined ? undefined : { tool, index: Number(index) };
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
