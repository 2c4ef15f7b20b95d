// Inserts a node into the text. The text stays as it is around the node.
import { own } from '../../base/ownProperty';
import type { Path } from '../help/schema';
import { scan, type Range, type Span } from '../scan';
import { skeletonOf, withNode, type Place } from './skeleton';

export interface Change extends Range {
  insert: string;
}

/** Changes of a text, in its order, and the parts that are to be filled in, in the changed text. */
export interface Insertion {
  /** The path of the new step: its id after those of its containers. */
  step: string;
  changes: Change[];
  fields: Range[];
}

/** Where the new node goes: into a list, at an index. */
export interface Target {
  /** The path of the list: `['nodes']`, or that of a body. */
  list: Path;
  index: number;
  /** The edge that it is inserted into. */
  between?: { from: string; to: string };
}

/** Nothing, if the text is not JSON or has no such list. */
export function insertNode(text: string, type: string, target: Target, place: Omit<Place, 'spec' | 'path'>): Insertion | undefined {
  if (text.trim() === '') return insertFirst(text, type, place);
  const { spans } = scan(text);
  if (!spans) return undefined;
  const spec = JSON.parse(text) as unknown;
  const { list, index, between } = target;
  const nodes = list.reduce<unknown>((part, step) => own(part, step), spec);
  const at = spans.get(pointerOf(list));
  if (!Array.isArray(nodes) || !at) return undefined;
  const path = [...list, index];
  const rewired = between && rewire(nodes, index, between);
  // What the node can read depends on what it needs.
  const draft = withNode(spec, path, rewired?.needs ? { needs: rewired.needs } : {});
  const indent = indentOf(text, spans, list, nodes.length);
  const skeleton = skeletonOf(type, { ...place, spec: draft, path }, rewired?.needs, indent);
  const change = inserted(spans, at, list, index, nodes.length, skeleton.text, indent);
  const begin = change.from + change.insert.indexOf(skeleton.text);
  const needs = rewired?.need === undefined ? [] : needsChange(spans.get(pointerOf([...list, index, 'needs', rewired.need])), skeleton.id);
  return { step: [...containers(spec, list), skeleton.id].join('/'), changes: [change, ...needs], fields: moved(skeleton.fields, begin) };
}

function insertFirst(text: string, type: string, place: Omit<Place, 'spec' | 'path'>): Insertion {
  const skeleton = skeletonOf(type, { ...place, spec: { nodes: [{}] }, path: ['nodes', 0] }, undefined, '    ');
  const before = '{\n  "nodes": [\n    ';
  return {
    step: skeleton.id,
    changes: [{ from: 0, to: text.length, insert: `${before}${skeleton.text}\n  ]\n}\n` }],
    fields: moved(skeleton.fields, before.length),
  };
}

/**
 * How an edge leads through the new node. A node without `needs` follows the one before it, so the new node only has to stand between
 * them. Else `need` is the place in the target's `needs` that becomes the new node.
 */
function rewire(nodes: unknown[], index: number, { from, to }: { from: string; to: string }): { needs?: string[]; need?: number } {
  const follows = own(nodes[index - 1], 'id') === from;
  const target = nodes.find((node) => own(node, 'id') === to);
  const written = own(target, 'needs');
  return { ...(follows ? {} : { needs: [from] }), ...(Array.isArray(written) ? { need: written.indexOf(from) } : {}) };
}

const needsChange = (span: Span | undefined, id: string): Change[] => (span ? [{ from: span.from, to: span.to, insert: JSON.stringify(id) }] : []);

function inserted(spans: Map<string, Span>, list: Span, path: Path, index: number, count: number, node: string, indent: string): Change {
  if (count === 0) {
    const outer = indent.slice(0, -2);
    return { from: list.from + 1, to: list.to - 1, insert: `\n${indent}${node}\n${outer}` };
  }
  const spanOf = (at: number) => spans.get(pointerOf([...path, at]))!;
  if (index < count) {
    const { from } = spanOf(index);
    return { from, to: from, insert: `${node},\n${indent}` };
  }
  const { to } = spanOf(count - 1);
  return { from: to, to, insert: `,\n${indent}${node}` };
}

/** That of the nodes of the list; two more than that of its line, if the list is empty or its nodes are on that line. */
function indentOf(text: string, spans: Map<string, Span>, list: Path, count: number): string {
  const first = spans.get(pointerOf(count === 0 ? list : [...list, 0]))!.from;
  const isOnItsLine = text.slice(text.lastIndexOf('\n', first - 1) + 1, first).trim() === '';
  return lineIndent(text, first) + (count > 0 && isOnItsLine ? '' : '  ');
}

const lineIndent = (text: string, at: number): string => /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1))![0];

const moved = (fields: Range[], by: number): Range[] => fields.map(({ from, to }) => ({ from: from + by, to: to + by }));

const pointerOf = (path: Path): string => path.map((step) => `/${step}`).join('');

/** The ids of the nodes and the names of the tools around a list. */
function containers(spec: unknown, list: Path): string[] {
  const ids: string[] = [];
  list.reduce<unknown>((part, step) => {
    const next = own(part, step);
    if (typeof step === 'number') ids.push(String(own(next, 'id') ?? own(next, 'name')));
    return next;
  }, spec);
  return ids;
}

/** The text after some changes. */
export const applied = (text: string, changes: Change[]): string =>
  [...changes].sort((one, other) => other.from - one.from).reduce((text, { from, to, insert }) => text.slice(0, from) + insert + text.slice(to), text);
