// Formats a text that is JSON. Only white space changes.
import { layOutWritten, type Written } from './layOut';
import { scan, withoutWrapping } from './scan';

/** Nothing, if the text is not JSON. */
export function format(text: string, indent = ''): string | undefined {
  if (scan(text).fault) return undefined;
  return layOutWritten(read(text), indent);
}

/** Where a position is after the white space has changed: behind the same character. */
export function samePlace(before: string, at: number, after: string): number {
  const skipped = before.slice(0, at).replaceAll(/\s/g, '').length;
  let place = 0;
  for (let seen = 0; seen < skipped && place < after.length; place += 1) if (/\S/.test(after[place]!)) seen += 1;
  return place;
}

/**
 * What is pasted, formatted if it is JSON on one line. `indent`: of the line it is pasted into. A list of nodes that becomes the
 * whole text (`isAll`) becomes a workflow.
 */
export function asPasted(text: string, indent: string, isAll: boolean): string {
  const bare = withoutWrapping(text);
  const trimmed = bare.trim();
  if (!/^[[{]/.test(trimmed)) return bare;
  const isList = isAll && /^\[\s*\{/.test(trimmed);
  if (isList) return format(`{"nodes":${trimmed}}`) ?? bare;
  if (trimmed.includes('\n')) return bare;
  const whole = format(trimmed, indent);
  if (whole !== undefined) return whole;
  // Several values, as they stand in a list.
  const several = scan(`[${trimmed}]`).fault ? undefined : read(`[${trimmed}]`);
  return several && typeof several !== 'string' && 'items' in several ? several.items.map((one) => layOutWritten(one, indent)).join(`,\n${indent}`) : bare;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** Reads a text that `scan` has accepted. */
function read(text: string): Written {
  const tokens = text.match(TOKEN) ?? [];
  let at = 0;
  const value = (): Written => {
    const token = tokens[at++] ?? 'null';
    if (token === '[') return { items: until(']', value) };
    if (token === '{')
      return {
        members: until('}', () => {
          const name = tokens[at]!;
          at += 2;
          return [name, value()];
        }),
      };
    return token;
  };
  const until = <T>(close: string, member: () => T): T[] => {
    const members: T[] = [];
    while (at < tokens.length && tokens[at] !== close) {
      members.push(member());
      if (tokens[at] === ',') at += 1;
    }
    at += 1;
    return members;
  };
  return value();
}
