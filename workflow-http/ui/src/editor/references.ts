// What a template or expression can name: the input, the items of a map, and the outputs of the nodes in sight.
import type { Option, Path } from './schema';

/** Those of the list of nodes that a place is in, and of the lists around that. */
export function referencesAt(value: unknown, path: Path): Option[] {
  const options: Option[] = [{ text: 'input', about: 'What the run is given.' }];
  let holder = value;
  path.forEach((step, index) => {
    if (step === 'nodes') options.push(...variablesOf(holder), ...outputsOf(holder, path[index + 1]));
    holder = partOf(holder, step);
  });
  return options;
}

/** What a map or loop adds for the nodes in it. */
function variablesOf(data: unknown): Option[] {
  if (partOf(data, 'over') !== undefined) {
    const name = partOf(data, 'as');
    return [
      { text: typeof name === 'string' ? name : 'item', about: 'The item of the map.' },
      { text: 'index', about: 'The number of the item, from 0.' },
    ];
  }
  if (partOf(data, 'until') === undefined) return [];
  return [
    { text: 'previous', about: 'What the last round gave; null in the first.' },
    { text: 'index', about: 'The number of the round, from 0.' },
  ];
}

/** `own`: the number of the node that asks, which cannot name itself. */
function outputsOf(holder: unknown, own: string | number | undefined): Option[] {
  const nodes = partOf(holder, 'nodes');
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node: unknown, index) => {
    const id = partOf(node, 'id');
    return typeof id !== 'string' || index === own ? [] : [{ text: `${id.replaceAll('-', '_')}.output`, about: `What \`${id}\` gave.` }];
  });
}

const partOf = (value: unknown, step: string | number): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[step] : undefined;
