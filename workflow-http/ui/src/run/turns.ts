// The items of a map, the rounds of a loop and the turns of an agent: their states, and which one to show.
import { AGENT_TURN } from '../api/nodeTypes';
import { idOf, TURN_ID } from './outline';
import { isSettled, type Run, type Step, type StepState } from './run';

export interface Turn {
  index: number;
  state: StepState;
}

/** The most important state of the steps of one item, round or turn. */
const LOUDEST: StepState[] = ['failed', 'waiting', 'retrying', 'running', 'queued', 'delayed', 'cancelled'];

const known = new WeakMap<Run['steps'], Map<string, Turn[]>>();

/** The items, rounds or turns of a container that have begun, in their order. Read once for each state of a run. */
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
  return isSettled(container.state) || steps.length >= expectedIn(steps, container) ? 'completed' : 'running';
}

/** How many steps one item, round or turn has. Those of a turn are known once the model has spoken. */
function expectedIn(steps: Step[], { repeats, body }: Step): number {
  if (repeats !== 'turn') return body;
  const turn = steps.find(({ type }) => type === AGENT_TURN);
  return turn?.said ? 1 + (turn.said.calls?.length ?? 0) : steps.length + 1;
}

/** 2 of `each/2/sum` in `each`. */
export function indexIn(path: string, container: string): number | undefined {
  if (!path.startsWith(`${container}/`)) return undefined;
  const part = path.slice(container.length + 1).split('/', 1)[0]!;
  return /^\d+$/.test(part) ? Number(part) : undefined;
}

/** The item, round or turn to show: that of the choice, else the first that is at work, else the last. */
export function turnShown(run: Run, container: string, chosen: string | undefined): number | undefined {
  const own = chosen === undefined ? undefined : indexIn(chosen, container);
  const turns = turnsOf(run, container);
  return own ?? turns.find(({ state }) => state !== 'completed' && state !== 'failed')?.index ?? turns.at(-1)?.index;
}

/** The same step in the next item, round or turn that has begun, or what there is of it. */
export function sibling(run: Run, path: string, by: 1 | -1): string | undefined {
  const parts = path.split('/');
  const at = parts.findLastIndex((part) => /^\d/.test(part));
  if (at < 0) return undefined;
  const container = parts.slice(0, at).join('/');
  const turns = turnsOf(run, container);
  const next = turns[turns.findIndex(({ index }) => index === Number(parts[at])) + by];
  return next && stepIn(run, container, next.index, parts.slice(at + 1).join('/'));
}

/** A step of an item, round or turn: the one that is asked for, or the first. */
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

/** The step that stands for a turn of an agent or for a tool: of its calls in this turn the chosen one or the first at work, else its last call. */
export function inTurn(run: Run, agent: string, index: number, id: string, chosen: string | undefined): string | undefined {
  if (id === TURN_ID) return `${agent}/${index}/turn`;
  const calls = callsOf(run, agent).get(id) ?? [];
  const here = calls.filter((path) => indexIn(path, agent) === index);
  const picked = here.find((path) => chosen === path || chosen?.startsWith(`${path}/`));
  return picked ?? here.find((path) => !isSettled(run.steps.get(path)!.state)) ?? here.at(-1) ?? calls.at(-1);
}

const knownCalls = new WeakMap<Run['steps'], Map<string, Map<string, string[]>>>();

/** The calls of an agent by tool, in their order. Read once for each state of a run. */
export function callsOf(run: Run, agent: string): Map<string, string[]> {
  let all = knownCalls.get(run.steps);
  if (!all) knownCalls.set(run.steps, (all = new Map()));
  let calls = all.get(agent);
  if (calls) return calls;
  all.set(agent, (calls = new Map()));
  const step = run.steps.get(agent);
  const from = run.order.indexOf(agent) + 1;
  for (const path of run.order.slice(from, from + (step?.inner ?? 0))) {
    const { container, callIndex, written } = run.steps.get(path)!;
    if (container !== agent || callIndex === undefined) continue;
    const tool = idOf(written);
    calls.set(tool, [...(calls.get(tool) ?? []), path]);
  }
  return calls;
}
