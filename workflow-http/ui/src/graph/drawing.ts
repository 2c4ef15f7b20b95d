// What is drawn: the nodes of the text, or of a run whose text is not here, with what is inside them.
import type { NodeOutline } from '../api/types';
import type { Outline as Written } from '../editor/useCheck';
import type { Outline } from '../run/outline';

export interface Card {
  /** Ids joined by slashes, as the text has them: `each/sum`, whichever item is shown. */
  path: string;
  id: string;
  type: string;
  /** Paths of cards beside this one. */
  needs: string[];
  /** The condition, shortened where what it is about is clear. */
  when: string | undefined;
  /** What the node is going to do, as far as that is short. */
  plan: string;
  inner: Card[];
}

export function cardsOf(written: Written[], run: Outline | undefined): Card[] {
  return run && !isTextOf(written, run) ? ofRun(run.nodes, '') : ofText(written);
}

/** A text that has none of a run's steps is not its text. */
const isTextOf = (written: Written[], { nodes }: Outline): boolean =>
  nodes.length === 0 || nodes.some(({ id }) => written.some((step) => step.path === id));

/** The list has each node before those of its own body. */
function ofText(written: Written[]): Card[] {
  const top: Card[] = [];
  const open: Card[] = [];
  for (const { path, id, type, needs, depth, node } of written) {
    const card: Card = { path, id, type, needs, when: whenOf(node.when, needs), plan: planOf(type, node.data), inner: [] };
    const beside = depth === 0 ? top : open[depth - 1]!.inner;
    // An id that stands twice is a fault; it is drawn once.
    if (!beside.some((other) => other.path === path)) beside.push(card);
    open[depth] = card;
  }
  return top;
}

function ofRun(nodes: NodeOutline[], before: string): Card[] {
  return nodes.map((node) => {
    const path = before + node.id;
    const inner = node.nodes ?? [];
    return { path, id: node.id, type: node.type, needs: (node.needs ?? []).map((need) => before + need), when: undefined, plan: node.workflow ?? '', inner: ofRun(inner, `${path}/`) };
  });
}

/** `classify.output.kind == 'refund'` after `classify` alone is `.kind == 'refund'`. */
function whenOf(when: unknown, needs: string[]): string | undefined {
  if (typeof when !== 'string') return undefined;
  const id = needs.length === 1 ? needs[0]!.slice(needs[0]!.lastIndexOf('/') + 1).replaceAll('-', '_') : undefined;
  const short = id === undefined ? when : when.replaceAll(new RegExp(`\\b${id}\\.output(?=\\.)`, 'g'), '');
  return short.trim();
}

function planOf(type: string, data: unknown): string {
  const { url, method, over, concurrency, max, workflow, for: time, model, expires } = (data ?? {}) as Record<string, unknown>;
  switch (type) {
    case 'HttpNode':
      return [method ?? 'GET', hostOf(url)].join(' ');
    case 'MapNode':
      return `over ${String(over ?? '')}, ${String(concurrency ?? 4)} at once`;
    case 'LoopNode':
      return max === undefined ? '' : `at most ${String(max)} rounds`;
    case 'WorkflowNode':
      return String(workflow ?? '');
    case 'DelayNode':
      return `for ${String(time ?? '')}`;
    case 'HumanNode':
      return expires === undefined ? 'asks a person' : `asks a person, ${String(expires)} to answer`;
    case 'LLMNode':
      return typeof model === 'string' ? model : '';
    default:
      return '';
  }
}

const hostOf = (url: unknown): string => /^[a-z]+:\/\/([^/?#]+)/.exec(String(url ?? ''))?.[1] ?? String(url ?? '');

/** How many cards there are in all. */
export const countOf = (cards: Card[]): number => cards.reduce((sum, card) => sum + 1 + countOf(card.inner), 0);
