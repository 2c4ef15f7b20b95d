// Finds the text in a step that an error is about.
import { parts } from '../base/format';

export interface Where {
  /** `data.prompt` */
  field: string;
  before: string;
  marked: string;
  after: string;
}

/** This much of the text around it is shown. */
const AROUND = 160;

/** The first text of the step at `path` that has in it what `detail` names first as code. */
export function whereOf(spec: unknown, path: string, detail: string): Where | undefined {
  const named = parts(detail).find(({ isCode }) => isCode)?.text;
  const node = nodeAt(
    spec,
    path.split('/').filter((part) => !/^\d/.test(part)),
  );
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

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

function nodeAt(holder: unknown, [id, ...rest]: string[]): Fields | undefined {
  const nodes = isObject(holder) ? holder.nodes : undefined;
  const node: unknown = Array.isArray(nodes) ? nodes.find((one: unknown) => isObject(one) && one.id === id) : undefined;
  if (!isObject(node)) return undefined;
  return rest.length === 0 ? node : nodeAt(node.data, rest);
}

/** The texts of a node, without those of the nodes in it. */
function* textsOf(value: Fields, before: string): Generator<[string, string]> {
  for (const [name, part] of Object.entries(value)) {
    if (name === 'nodes') continue;
    if (typeof part === 'string') yield [before + name, part];
    else if (isObject(part)) yield* textsOf(part, `${before}${name}.`);
  }
}
