// Finds the text in a step that an error is about.
import { parts } from '../base/format';
import { isObject, own } from '../base/ownProperty';
import { toolsOf } from '../editor/bodies';
import { ON_FAILURE } from '../run/outline';

export interface Where {
  /** `data.prompt` */
  field: string;
  before: string;
  marked: string;
  after: string;
}

/** This much of the text around it is shown. */
const AROUND = 160;

/** The first text of the node at `written`, its path in the text, that has in it what `detail` names first as code. */
export function whereOf(spec: unknown, written: string, detail: string): Where | undefined {
  const named = parts(detail).find(({ isCode }) => isCode)?.text;
  const [first, ...ids] = written.split('/');
  const node =
    first === ON_FAILURE && ids.length > 0 && own(spec, ON_FAILURE) ? nodeAt(own(spec, ON_FAILURE), ids) : nodeAt(own(spec, 'nodes'), [first!, ...ids]);
  if (named === undefined || node === undefined) return undefined;
  for (const [field, text] of textsOf(node, '')) {
    const at = text.indexOf(named);
    if (at < 0) continue;
    const from = Math.max(0, at - AROUND);
    const to = at + named.length + AROUND;
    return {
      field,
      before: (from > 0 ? '…' : '') + text.slice(from, at),
      marked: named,
      after: text.slice(at + named.length, to) + (to < text.length ? '…' : ''),
    };
  }
  return undefined;
}

type Fields = Record<string, unknown>;

function nodeAt(nodes: unknown, [id, ...rest]: string[]): Fields | undefined {
  const node: unknown = Array.isArray(nodes) ? nodes.find((one: unknown) => own(one, 'id') === id) : undefined;
  if (!isObject(node)) return undefined;
  const [next] = rest;
  if (next === undefined) return node;
  const tool = toolsOf(node.data).find(({ name }) => name === next);
  if (tool && rest.length === 1) return tool.tool;
  return tool ? nodeAt(tool.tool.nodes, rest.slice(1)) : nodeAt(own(node.data, 'nodes'), rest);
}

/** The texts of a node or a tool, without those of the nodes in it. */
function* textsOf(value: object, before: string): Generator<[string, string]> {
  for (const [name, part] of Object.entries(value) as [string, unknown][]) {
    if (name === 'nodes') continue;
    if (typeof part === 'string') yield [before + name, part];
    else if (typeof part === 'object' && part !== null) yield* textsOf(part, `${before}${name}.`);
  }
}
