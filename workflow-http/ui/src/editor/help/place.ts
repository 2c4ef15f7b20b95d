// Finds the JSON value or name at a position. The text may be incomplete: the syntax tree tolerates missing parts.
import { ensureSyntaxTree, syntaxTree } from '@codemirror/language';
import type { EditorState } from '@codemirror/state';
import type { Path } from './schema';

type SyntaxNode = ReturnType<typeof syntaxTree>['topNode'];

export interface Place {
  /** Of a name: the object it is in. Of a value: its own. */
  path: Path;
  kind: 'name' | 'value';
  /** What is written there so far. */
  from: number;
  to: number;
  /** Inside the quotes of a text. */
  isText: boolean;
  /** After a value of a list, without a comma between them. */
  isAfter?: boolean;
}

/** The editor parses for 20 ms at first, which may be too short on a busy machine. */
const PATIENCE = 500;

const treeOf = (state: EditorState, upTo: number) => ensureSyntaxTree(state, upTo, PATIENCE) ?? syntaxTree(state);

export function placeAt(state: EditorState, at: number): Place | undefined {
  const node = treeOf(state, at).resolveInner(at, -1);
  const { from, to, name } = node;
  if (name === 'PropertyName') return { path: pathOf(state, objectOf(node)), kind: 'name', from, to, isText: true };
  if (name === 'String') return { path: pathOf(state, node), kind: 'value', from, to, isText: at > from && at < to };
  if (/^(Number|True|False|Null)$/.test(name)) return { path: pathOf(state, node), kind: 'value', from, to, isText: false };
  return betweenThings(state, node, at);
}

/** There is no value yet, or an incomplete word. */
function betweenThings(state: EditorState, node: SyntaxNode, at: number): Place | undefined {
  const word = /\w*$/.exec(state.sliceDoc(Math.max(0, at - 40), at))?.[0] ?? '';
  const here = { from: at - word.length, to: at, isText: false };
  const before = state.sliceDoc(0, here.from).trimEnd().at(-1);
  const holder = upTo(node, /^(Object|Array|Property)$/);
  if (!holder) return undefined;
  if (before === ':') {
    const property = holder.name === 'Property' ? holder : holder.childBefore(at);
    return property?.name === 'Property' ? { path: pathOf(state, property), kind: 'value', ...here } : undefined;
  }
  if (before === '}' && holder.name === 'Array') return { path: [...pathOf(state, holder), indexIn(holder, at)], kind: 'value', ...here, isAfter: true };
  if (before !== '{' && before !== ',' && before !== '[') return undefined;
  const inside = holder.name === 'Property' ? upTo(holder.parent, /^(Object|Array)$/) : holder;
  if (inside?.name === 'Object') return { path: pathOf(state, inside), kind: 'name', ...here };
  return inside ? { path: [...pathOf(state, inside), indexIn(inside, at)], kind: 'value', ...here } : undefined;
}

/** The names and numbers that lead to a node. */
function pathOf(state: EditorState, node: SyntaxNode | null): Path {
  const path: Path = [];
  for (let here = node; here; here = here.parent) {
    if (here.name === 'Property') path.unshift(nameOf(state, here));
    else if (here.parent?.name === 'Array') path.unshift(indexIn(here.parent, here.from));
  }
  return path;
}

const objectOf = (node: SyntaxNode): SyntaxNode | null => upTo(node, /^Object$/);

function upTo(node: SyntaxNode | null, name: RegExp): SyntaxNode | null {
  let here = node;
  while (here && !name.test(here.name)) here = here.parent;
  return here;
}

const VALUE = /^(Object|Array|String|Number|True|False|Null)$/;

/** How many values of an array end before a position. */
function indexIn(array: SyntaxNode, at: number): number {
  let index = 0;
  for (let child = array.firstChild; child && child.to <= at; child = child.nextSibling) if (VALUE.test(child.name)) index += 1;
  return index;
}

function nameOf(state: EditorState, property: SyntaxNode): string {
  const name = property.getChild('PropertyName');
  return name ? String(parsed(state.sliceDoc(name.from, name.to))) : '';
}

/** What is written so far, as far as it is JSON. */
export function valueIn(state: EditorState): unknown {
  const top = treeOf(state, state.doc.length).topNode.firstChild;
  return top ? read(state, top) : undefined;
}

function read(state: EditorState, node: SyntaxNode): unknown {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) children.push(child);
  if (node.name === 'Array') return children.filter(({ name }) => VALUE.test(name)).map((child) => read(state, child));
  if (node.name !== 'Object') return parsed(state.sliceDoc(node.from, node.to));
  const properties = children.filter(({ name }) => name === 'Property');
  return Object.fromEntries(
    properties.map((property) => {
      const value = property.lastChild;
      return [nameOf(state, property), value && VALUE.test(value.name) ? read(state, value) : undefined];
    }),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
