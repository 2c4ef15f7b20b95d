// The items of a map and the rounds of a loop: their states, and which one to show.
import { isSettled, type Run, type Step, type StepState } from './run';

export interface Turn {
  index: number;
  state: StepState;
}

/** The most important state of the steps of one item or round. */
const LOUDEST: StepState[] = ['failed', 'waiting', 'retrying', 'running', 'queued', 'delayed', 'cancelled'];

const known = new WeakMap<Run['steps'], Map<string, Turn[]>>();

/** The items or rounds of a container that have begun, in their order. Read once for each state of a run. */
export function turnsOf(run: Run, container: string): Turn[] {
  let all = known.get(run.steps);
  if (!all) known.set(run.steps, (all = new Map()));
  let turns = all.get(container);
  if (!turns) all.set(container, (turns = read(run, container)));
  return turns;
}

function read(run: Run, container: string): Turn[] {
  const step = run.steps.get(container);
  if (!step || step.inner === 0) return [];
  const from = run.order.indexOf(container) + 1;
  const inside = new Map<number, Step[]>();
  for (const path of run.order.slice(from, from + step.inner)) {
    const index = indexIn(path, container);
    if (index === undefined || run.steps.get(path)!.container !== container) continue;
    const beside = inside.get(index);
    if (beside) beside.push(run.steps.get(path)!);
    else inside.set(index, [run.steps.get(path)!]);
  }
  return [...inside].map(([index, steps]) => ({ index, state: stateOf(steps, step) })).sort((one, other) => one.index - other.index);
}

function stateOf(steps: Step[], container: Step): StepState {
  const loudest = LOUDEST.find((state) => steps.some((step) => step.state === state && !(state === 'failed' && step.handled)));
  if (loudest) return loudest;
  return isSettled(container.state) || steps.length >= container.body ? 'completed' : 'running';
}

/** 2 of `each/2/sum` in `each`. */
export function indexIn(path: string, container: string): number | undefined {
  if (!path.startsWith(`${container}/`)) return undefined;
  const part = path.slice(container.length + 1).split('/', 1)[0]!;
  return /^\d+$/.test(part) ? Number(part) : undefined;
}

/** The item or round to show: that of the choice, else the first that is at work, else the last. */
export function turnShown(run: Run, container: string, chosen: string | undefined): number | undefined {
  const own = chosen === undefined ? undefined : indexIn(chosen, container);
  const turns = turnsOf(run, container);
  return own ?? turns.find(({ state }) => state !== 'completed' && state !== 'failed')?.index ?? turns.at(-1)?.index;
}

/** The same step in the next item or round that has begun, or what there is of it. */
export function sibling(run: Run, path: string, by: 1 | -1): string | undefined {
  const parts = path.split('/');
  const at = parts.findLastIndex((part) => /^\d/.test(part));
  if (at < 0) return undefined;
  const container = parts.slice(0, at).join('/');
  const turns = turnsOf(run, container);
  const next = turns[turns.findIndex(({ index }) => index === Number(parts[at])) + by];
  return next && stepIn(run, container, next.index, parts.slice(at + 1).join('/'));
}

/** A step of an item or round: the one that is asked for, or the first. */
export function stepIn(run: Run, container: string, index: number, within?: string): string | undefined {
  const before = `${container}/${index}/`;
  if (within !== undefined && run.steps.get(before + within)) return before + within;
  return run.order.find((path) => path.startsWith(before));
}

/** The step of an item that failed, and not what is only around it. */
export function failedIn(run: Run, { path }: Step, index: number): string | undefined {
  const within = `${path}/${index}/`;
  const failed = run.order.findLast((other) => {
    const step = other.startsWith(within) ? run.steps.get(other)! : undefined;
    return step?.state === 'failed' && !step.handled;
  });
  return failed ?? stepIn(run, path, index);
}
