// The expression at a position in the text of a string, and the node that it is in.
import { own } from '../../base/ownProperty';
import { ON_FAILURE } from '../../run/outline';
import type { Path } from './schema';

export interface Expression {
  text: string;
  /** In the text of the string, without the quotes. */
  from: number;
  to: number;
}

/** `source`: the JSON text of a string, without the quotes. `isBare`: all of it is an expression, without braces. */
export function expressionAt(source: string, at: number, isBare: boolean): Expression | undefined {
  if (isBare) return made(source, 0, source.length);
  const from = source.lastIndexOf('{{', at) + 2;
  const to = source.indexOf('}}', from);
  return from < 2 || to < 0 || at > to + 2 ? undefined : made(source, from, to);
}

function made(source: string, from: number, to: number): Expression | undefined {
  const text = unescaped(source.slice(from, to))?.replace(/^-/, '').replace(/-$/, '').trim();
  return text ? { text, from, to } : undefined;
}

function unescaped(text: string): string | undefined {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return undefined;
  }
}

/** The ids that lead to the node at a path of the text: `each/sum`, `support/order/get`. */
export function nodePath(spec: unknown, path: Path): string {
  const [first, ...rest] = path;
  const ids = idsAlong(own(spec, first ?? ''), rest);
  return (first === ON_FAILURE && ids.length > 0 ? [ON_FAILURE, ...ids] : first === 'nodes' ? ids : []).join('/');
}

/** Those of the node of a list, and of what the path leads to inside it. */
function idsAlong(nodes: unknown, [index, data, field, ...rest]: Path): unknown[] {
  if (typeof index !== 'number') return [];
  const node = own(nodes, index);
  const inner = data === 'data' && (field === 'nodes' || field === 'tools') ? own(own(node, 'data'), field) : undefined;
  if (field !== 'tools') return [own(node, 'id'), ...idsAlong(inner, rest)];
  const [tool, list, ...within] = rest;
  const nodesOfTool = list === 'nodes' && typeof tool === 'number' ? idsAlong(own(own(inner, tool), 'nodes'), within) : [];
  return [own(node, 'id'), ...(nodesOfTool.length > 0 ? [own(own(inner, tool as number), 'name'), ...nodesOfTool] : [])];
}
