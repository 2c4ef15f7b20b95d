// What an expression gave in a run: a plain reference from the events, anything else from the server.
import { evaluate } from '../api/plans';
import { AGENT_TURN } from '../api/nodeTypes';
import { own } from '../base/ownProperty';
import { hasEnded, type Run, type Step } from './run';

type Found = { value: unknown } | undefined;

/** Keys after a name: `a.output.items[0]`. */
const PLAIN = /^[A-Za-z_]\w*(?:\.\w+|\[\d+\]|\['[^']*'\])*$/;

/** A plain reference to the input or to the output of a step that `at` can see. `undefined`: not known here. */
export function referred(run: Run, at: string, expression: string): Found {
  if (!PLAIN.test(expression)) return undefined;
  const [root, ...keys] = [...expression.matchAll(/\['([^']*)'\]|\[(\d+)\]|(\w+)/g)].map(([, quoted, index, name]) => quoted ?? index ?? name!);
  const step = seen(run, at, root!);
  if (step) return keys[0] === 'output' && step.output !== undefined ? valueAt(step.output, keys.slice(1)) : undefined;
  const isInside = at.includes('/');
  // In maps and loops the name may be that of an item.
  return root === 'input' && !isInside ? valueAt(run.input, keys) : undefined;
}

function seen(run: Run, at: string, name: string): Step | undefined {
  for (let before = at; before.includes('/'); ) {
    before = before.slice(0, before.lastIndexOf('/'));
    const step = stepIn(run, `${before}/`, name);
    if (step) return step;
  }
  return stepIn(run, '', name);
}

/** Templates write `my-step` as `my_step`. Turns and calls of an agent have no names. */
function stepIn(run: Run, before: string, name: string): Step | undefined {
  const step = run.steps.get(before + name) ?? [...run.steps.values()].find(({ path, node }) => path === before + node && node.replaceAll('-', '_') === name);
  return step?.type === AGENT_TURN || step?.callIndex !== undefined ? undefined : step;
}

function valueAt(value: unknown, keys: string[]): Found {
  let here = value;
  for (const key of keys) {
    here = own(here, key);
    if (here === undefined) return undefined;
  }
  return { value: here };
}

/** The step of a node in the text: of several items or rounds, the one that is nearest to the chosen step. */
export function stepFor(run: Run, written: string, chosen: string | undefined): string | undefined {
  const all = run.order.filter((path) => run.steps.get(path)!.written === written);
  const near = (path: string) => {
    const [one, other] = [path.split('/'), (chosen ?? '').split('/')];
    const end = one.findIndex((part, index) => part !== other[index]);
    return end < 0 ? one.length : end;
  };
  return all.reduce<string | undefined>((best, path) => (best === undefined || near(path) > near(best) ? path : best), undefined);
}

/** A question to the server waits this long, so that a pointer that passes asks nothing. */
const PAUSE = 200;
let last = 0;

/** `written`: the path of the node in the text. */
export async function readValue(run: Run, chosen: string | undefined, written: string, expression: string): Promise<Found> {
  const at = written === '' ? undefined : stepFor(run, written, chosen);
  const known = referred(run, at ?? '', expression);
  if (known || at === undefined) return known;
  const turn = ++last;
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  // Until a step is decided, there is nothing that it could read.
  if (turn !== last || (run.steps.get(at)?.state === 'pending' && !hasEnded(run))) return undefined;
  return evaluate(run.id, at, expression, AbortSignal.timeout(5000)).catch(() => undefined);
}
