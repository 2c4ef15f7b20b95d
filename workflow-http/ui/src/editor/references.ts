// What a template or expression can name: the input, the items of a map, and the outputs of the nodes in sight.
import { own } from '../base/ownProperty';
import type { Option, Path } from './schema';

/** Names from the list of nodes around a position, and from all enclosing lists. */
export function referencesAt(value: unknown, path: Path): Option[] {
  const options: Option[] = [{ text: 'input', about: 'What the run is given.' }];
  let holder = value;
  path.forEach((step, index) => {
    if (step === 'nodes') options.push(...variablesOf(holder), ...outputsOf(holder, path[index + 1]));
    holder = own(holder, step);
  });
  return options;
}

/** What a map or loop adds for the nodes in it. */
function variablesOf(data: unknown): Option[] {
  if (own(data, 'over') !== undefined) {
    const name = own(data, 'as');
    return [
      { text: typeof name === 'string' ? name : 'item', about: 'The item of the map.' },
      { text: 'index', about: 'The number of the item, from 0.' },
    ];
  }
  if (own(data, 'until') === undefined) return [];
  return [
    { text: 'previous', about: 'What the last round gave; null in the first.' },
    { text: 'index', about: 'The number of the round, from 0.' },
  ];
}

/** `asking`: the index of the node that refers; it cannot refer to itself. */
function outputsOf(holder: unknown, asking: string | number | undefined): Option[] {
  const nodes = own(holder, 'nodes');
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node: unknown, index) => {
    const id = own(node, 'id');
    return typeof id !== 'string' || index === asking ? [] : [{ text: `${id.replaceAll('-', '_')}.output`, about: `What \`${id}\` gave.` }];
  });
}
