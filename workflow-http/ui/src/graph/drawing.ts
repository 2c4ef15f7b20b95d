// The cards of the graph: nodes of the text, or of a run whose text is not open, with the nodes inside them. The nodes of a
// called workflow come from the run.
import { hintsOf, type Types } from '../api/nodeTypes';
import { AGENT_TURN, TOOL_CALL } from '../api/nodeTypes';
import type { NodeOutline } from '../api/types';
import { own } from '../base/ownProperty';
import type { Outline as Written } from '../editor/useCheck';
import { idOf, isAgent, ON_FAILURE, insideOf, repeatsOf, TURN_ID, UNKNOWN_TOOL, type Outline, type Repeats } from '../run/outline';

export interface Card {
  /** Ids joined by slashes, as the text has them: `each/sum`, whichever item is shown. */
  path: string;
  id: string;
  type: string;
  icon: string | undefined;
  /** It shows its last words while it runs. An agent does not: its turns do. */
  streamsText: boolean;
  /** Paths of cards beside this one. */
  needs: string[];
  /** The condition, shortened where its subject is clear. */
  when: string | undefined;
  /** A short summary of what the node does. */
  plan: string;
  /** What it does its inner nodes again for. */
  repeats?: Repeats;
  /** The most rounds of a loop. */
  max?: number;
  inner: Card[];
}

type Called = Outline['workflows'];

const NONE: Called = new Map();

export function cardsOf(written: Written[], run: Outline | undefined, types: Types): Card[] {
  const called = run?.workflows ?? NONE;
  if (!run || isTextOf(written, run)) return ofText(written, called, types);
  const onFailure = ofRun(run.onFailure ?? [], `${ON_FAILURE}/`, called, types);
  return [...ofRun(run.nodes, '', called, types), ...onFailure.map((card) => ({ ...card, when: card.when ?? firstWhen(card) }))];
}

/** The condition of the first nodes of `on_failure`. */
const firstWhen = ({ path, needs }: Pick<Card, 'path' | 'needs'>): string | undefined =>
  path.startsWith(`${ON_FAILURE}/`) && needs.length === 0 ? 'the run fails' : undefined;

/** A text without any step of a run is not the text of that run. */
const isTextOf = (written: Written[], { nodes }: Outline): boolean => nodes.length === 0 || nodes.some(({ id }) => written.some((step) => step.path === id));

/** The list has each node before those of its own body. */
function ofText(written: Written[], called: Called, types: Types): Card[] {
  const top: Card[] = [];
  const open: Card[] = [];
  for (const { path, id, type, needs, depth, node } of written) {
    const plan = planOf(type, type === TOOL_CALL ? node : node.data, hintsOf(type, types).summary);
    const calls = type === 'WorkflowNode' || type === TOOL_CALL;
    const inner = calls ? ofRun(called.get(plan)?.nodes ?? [], `${path}/`, called, types) : [];
    const card: Card = {
      path,
      id,
      type,
      ...looksOf(type, types),
      needs: type === TOOL_CALL ? afterTurn(path) : needs,
      when: whenOf(node, needs) ?? (depth === 0 ? firstWhen({ path, needs }) : undefined),
      plan,
      ...(REPEATS.has(type) ? { repeats: REPEATS.get(type)! } : {}),
      ...maxOf(type, node.data),
      inner,
    };
    const outer = open[depth - 1];
    if (type === TOOL_CALL && outer && outer.repeats !== 'turn') {
      outer.repeats = 'turn';
      outer.streamsText = false;
      outer.inner = [turnCard(outer.path, types)];
    }
    const beside = depth === 0 ? top : outer!.inner;
    // A duplicate id is a fault; it is drawn once.
    if (!beside.some((other) => other.path === path)) beside.push(card);
    open[depth] = card;
  }
  return top;
}

/** The containers that the page knows by name. An agent is known by its tools. */
const REPEATS = new Map<string, Repeats>([
  ['MapNode', 'item'],
  ['LoopNode', 'round'],
]);

/** What asks the model in each turn of an agent; the tools follow it. */
const turnCard = (agent: string, types: Types): Card => ({
  path: `${agent}/${TURN_ID}`,
  id: 'turn',
  type: AGENT_TURN,
  ...looksOf(AGENT_TURN, types),
  needs: [],
  when: undefined,
  plan: 'asks the model',
  inner: [],
});

/** The need of a tool. */
const afterTurn = (tool: string): string[] => [tool.slice(0, tool.lastIndexOf('/') + 1) + TURN_ID];

function ofRun(nodes: NodeOutline[], before: string, called: Called, types: Types): Card[] {
  const isOfAgent = isAgent(nodes);
  return nodes.flatMap((node): Card[] => {
    const { id, type, needs = [], case: branch, workflow: plan = '' } = node;
    if (isOfAgent && type === AGENT_TURN) return [turnCard(before.slice(0, -1), types)];
    if (isOfAgent && id === UNKNOWN_TOOL && insideOf(node, called).length === 0) return [];
    const path = before + id;
    const repeats = repeatsOf(node);
    return [
      {
        path,
        id,
        type,
        ...looksOf(type, types),
        needs: isOfAgent ? afterTurn(path) : needs.map((need) => before + need),
        when: branch,
        plan,
        ...(repeats ? { repeats, streamsText: false } : {}),
        inner: ofRun(insideOf(node, called), `${path}/`, called, types),
      },
    ];
  });
}

function looksOf(type: string, types: Types): Pick<Card, 'icon' | 'streamsText'> {
  const { icon, streams_text } = hintsOf(type, types);
  return { icon, streamsText: streams_text };
}

/** The case and the condition of a node. `classify.output.kind == 'refund'` after `classify` alone is `.kind == 'refund'`. */
function whenOf({ case: branch, when }: Record<string, unknown>, needs: string[]): string | undefined {
  const parts = [typeof branch === 'string' ? branch : undefined, typeof when === 'string' ? shortened(when, needs) : undefined];
  return parts.every((part) => part === undefined) ? undefined : parts.filter((part) => part !== undefined).join(' and ');
}

function shortened(when: string, needs: string[]): string {
  const id = needs.length === 1 ? idOf(needs[0]!).replaceAll('-', '_') : undefined;
  const short = id === undefined ? when : when.replaceAll(new RegExp(`\\b${id}\\.output(?=\\.)`, 'g'), '');
  return short.trim();
}

/** The data of a node, or a tool. */
function planOf(type: string, data: unknown, summary: string | undefined): string {
  const { over, concurrency, max, workflow, for: time, until, expires } = (data ?? {}) as Record<string, unknown>;
  switch (type) {
    case 'MapNode':
      return `over ${String(over ?? '')}, ${String(concurrency ?? 4)} at once`;
    case 'LoopNode':
      return max === undefined ? '' : `at most ${String(max)} rounds`;
    case 'WorkflowNode':
    case TOOL_CALL:
      return String(workflow ?? '');
    case 'DelayNode':
      return time === undefined && until !== undefined ? `until ${String(until)}` : `for ${String(time ?? '')}`;
    case 'HumanNode':
      return expires === undefined ? 'asks a person' : `asks a person, ${String(expires)} to answer`;
    default:
      return summary === undefined ? '' : summaryOf(own(data, summary));
  }
}

function maxOf(type: string, data: unknown): Pick<Card, 'max'> {
  const { max } = (data ?? {}) as { max?: unknown };
  return type === 'LoopNode' && typeof max === 'number' ? { max } : {};
}

/** Of a URL, the host. */
const summaryOf = (value: unknown): string => (typeof value === 'string' ? (/^[a-z]+:\/\/([^/?#]+)/.exec(value)?.[1] ?? value) : '');

/** How many cards there are in all. */
export const countOf = (cards: Card[]): number => cards.reduce((sum, card) => sum + 1 + countOf(card.inner), 0);
