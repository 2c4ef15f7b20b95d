// The cards of the graph: nodes of the text, or of a run whose text is not open, with the nodes inside them. The nodes of a
// called workflow come from the run.
import { hintsOf, type Types } from '../api/nodeTypes';
import type { NodeOutline } from '../api/types';
import { own } from '../base/ownProperty';
import type { Outline as Written } from '../editor/useCheck';
import { idOf, ON_FAILURE, type Outline } from '../run/outline';

export interface Card {
  /** Ids joined by slashes, as the text has them: `each/sum`, whichever item is shown. */
  path: string;
  id: string;
  type: string;
  icon: string | undefined;
  /** It shows its last words while it runs. */
  streamsText: boolean;
  /** Paths of cards beside this one. */
  needs: string[];
  /** The condition, shortened where its subject is clear. */
  when: string | undefined;
  /** A short summary of what the node does. */
  plan: string;
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
    const plan = planOf(type, node.data, hintsOf(type, types).summary);
    const inner = type === 'WorkflowNode' ? ofRun(called.get(plan)?.nodes ?? [], `${path}/`, called, types) : [];
    const card: Card = {
      path,
      id,
      type,
      ...looksOf(type, types),
      needs,
      when: whenOf(node, needs) ?? (depth === 0 ? firstWhen({ path, needs }) : undefined),
      plan,
      ...maxOf(type, node.data),
      inner,
    };
    const beside = depth === 0 ? top : open[depth - 1]!.inner;
    // A duplicate id is a fault; it is drawn once.
    if (!beside.some((other) => other.path === path)) beside.push(card);
    open[depth] = card;
  }
  return top;
}

function ofRun(nodes: NodeOutline[], before: string, called: Called, types: Types): Card[] {
  return nodes.map(({ id, type, needs = [], case: branch, workflow: plan = '', nodes = called.get(plan)?.nodes ?? [] }) => {
    const path = before + id;
    return {
      path,
      id,
      type,
      ...looksOf(type, types),
      needs: needs.map((need) => before + need),
      when: branch,
      plan,
      inner: ofRun(nodes, `${path}/`, called, types),
    };
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

function planOf(type: string, data: unknown, summary: string | undefined): string {
  const { over, concurrency, max, workflow, for: time, until, expires } = (data ?? {}) as Record<string, unknown>;
  switch (type) {
    case 'MapNode':
      return `over ${String(over ?? '')}, ${String(concurrency ?? 4)} at once`;
    case 'LoopNode':
      return max === undefined ? '' : `at most ${String(max)} rounds`;
    case 'WorkflowNode':
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
