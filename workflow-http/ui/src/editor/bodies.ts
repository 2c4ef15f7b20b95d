// Where a node has lists of nodes: its own body, or one for each of its tools.
import { isObject, own } from '../base/ownProperty';

/** A list of nodes inside a node. */
export interface Body {
  /** The list, which may be unfinished. */
  nodes: unknown;
  /** Its JSON pointer, from `data`. */
  at: string;
  /** The tool whose list it is. */
  tool?: string;
}

/** What an agent may call. */
export interface Tool {
  name: string;
  index: number;
  tool: Record<string, unknown>;
}

export function bodiesOf(data: unknown): Body[] {
  const tools = toolsOf(data).map(({ name, index, tool }) => ({ nodes: tool.nodes, at: `/tools/${index}/nodes`, tool: name }));
  return [{ nodes: own(data, 'nodes'), at: '/nodes' }, ...tools].filter(({ nodes }) => Array.isArray(nodes));
}

/** The tools of an agent. Types that name the tools of a provider have none. */
export function toolsOf(data: unknown): Tool[] {
  const tools = own(data, 'tools');
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((tool: unknown, index): Tool[] => {
    const name = own(tool, 'name');
    return isObject(tool) && typeof name === 'string' ? [{ name, index, tool }] : [];
  });
}
