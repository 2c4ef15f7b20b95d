// The expression at a position in the text of a string, and the node that it is in.
import { own } from '../../base/ownProperty';
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

/** The ids that lead to the node at a path of the text: `each/sum`. */
export function nodePath(spec: unknown, path: Path): string {
  const ids: unknown[] = [];
  let here = spec;
  for (let at = 0; path[at] === 'nodes' && typeof path[at + 1] === 'number'; at += 3) {
    here = own(own(here, 'nodes'), path[at + 1]!);
    ids.push(own(here, 'id'));
    if (path[at + 2] !== 'data') break;
    here = own(here, 'data');
  }
  return ids.join('/');
}
