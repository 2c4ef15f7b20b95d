// What the first event of a run says of its nodes, and what the paths of steps say.
import { AGENT_TURN, TOOL_CALL } from '../api/nodeTypes';
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

/** An id never begins with a digit. */
export const isNumber = (part: string | undefined): part is string => part !== undefined && /^\d/.test(part);

/** The id of the node of a step. */
export const idOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** `each` of `each/2/sum`. */
export function containerOf(path: string): string | undefined {
  const parts = path.split('/').slice(0, -1);
  if (isNumber(parts.at(-1))) parts.pop();
  return parts.length > 0 ? parts.join('/') : undefined;
}
