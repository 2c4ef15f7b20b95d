// What the steps of an agent say: each turn what the model said and which tools it calls, each call what became of it.
import { AGENT_TURN } from '../api/nodeTypes';
import type { ToolCall, TurnOutput } from '../api/types';
import { asLine } from '../base/format';
import { isObject, own } from '../base/ownProperty';
import type { Place } from './outline';
import type { Run, Step } from './run';

/** What a person decided about a call. */
export interface Decision {
  isApproved: boolean;
  /** The arguments in place of those of the model. */
  args?: unknown;
  reason?: string;
}

export function decisionOf(answer: unknown): Decision {
  const reason = own(answer, 'reason');
  return {
    isApproved: own(answer, 'action') === 'approve',
    ...(isObject(answer) && 'args' in answer ? { args: answer.args } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
  };
}

/** What the output of a turn says, as far as it has the shape of one. */
export function turnOutputOf(output: unknown): TurnOutput {
  const [text, calls] = [own(output, 'text'), own(output, 'calls')];
  return {
    ...(typeof text === 'string' ? { text } : {}),
    ...(Array.isArray(calls) ? { calls: calls.map(toolCallOf) } : {}),
    ...(isObject(output) && 'output' in output ? { output: output.output } : {}),
    needs_finish: own(output, 'needs_finish') === true,
  };
}

function toolCallOf(call: unknown): ToolCall {
  const problem = own(call, 'problem');
  return { tool: String(own(call, 'tool') ?? ''), args: own(call, 'args'), ...(typeof problem === 'string' ? { problem } : {}) };
}

/** What the model asked for with a call: its turn stands beside it. */
export function callOf(run: Pick<Run, 'steps'>, path: string, { callIndex }: Pick<Place, 'callIndex'>): ToolCall | undefined {
  if (callIndex === undefined) return undefined;
  return turnBeside(run, path)?.said?.calls?.[callIndex];
}

/** The step that asked the model, of the turn that a step is in. Its id is no name that a tool could have. */
const turnBeside = (run: Pick<Run, 'steps'>, path: string): Step | undefined => run.steps.get(`${path.slice(0, path.lastIndexOf('/'))}/turn`);

/** One turn of an agent. */
export interface AgentTurn {
  index: number;
  /** Asks the model. */
  step: Step | undefined;
  said: TurnOutput;
  /** The calls, in their order: each as the model asked for it, and its step once it has begun. */
  calls: { call: ToolCall; step: Step | undefined }[];
}

/** The turns of an agent, oldest first. */
export function agentTurnsOf(run: Run, { path, inner }: Step): AgentTurn[] {
  const turns = new Map<number, { step?: Step; calls: Map<number, Step> }>();
  const from = run.order.indexOf(path) + 1;
  for (const other of run.order.slice(from, from + inner)) {
    const step = run.steps.get(other)!;
    if (step.container !== path) continue;
    const index = Number(other.slice(path.length + 1).split('/', 1)[0]);
    let turn = turns.get(index);
    if (!turn) turns.set(index, (turn = { calls: new Map() }));
    if (step.type === AGENT_TURN) turn.step = step;
    else if (step.callIndex !== undefined) turn.calls.set(step.callIndex, step);
  }
  return [...turns].map(([index, { step, calls }]) => {
    const said = step?.said ?? {};
    const asked = said.calls ?? [];
    return { index, step, said, calls: asked.map((call, at) => ({ call, step: calls.get(at) })) };
  });
}

/** What a turn did: the tools it called, or else that it answered. */
export function saidWords({ calls = [], output, needs_finish }: TurnOutput): string {
  if (calls.length === 0) return output !== undefined ? 'gave the answer' : needs_finish ? 'its answer gets a form' : '';
  const counts = new Map<string, number>();
  for (const { tool } of calls) counts.set(short(tool), (counts.get(short(tool)) ?? 0) + 1);
  return `called ${[...counts].map(([name, count]) => (count > 1 ? `${count} × ${name}` : name)).join(', ')}`;
}

/** Of more arguments the first are named. */
const FEW = 8;

/** Arguments in a few words: `number: A-17, amount: 20`. */
export function argsWords(args: unknown): string {
  if (!isObject(args)) return args === undefined || args === null ? '' : short(args);
  return Object.entries(args)
    .slice(0, FEW)
    .map(([name, value]) => `${name}: ${short(value)}`)
    .join(', ');
}

/** More of a value is cut off. */
const LONGEST = 100;

/** A value on one line, which a model may have made long. */
export function short(value: unknown): string {
  const known = typeof value === 'object' && value !== null ? lines.get(value) : undefined;
  if (known !== undefined) return known;
  const text = asLine(value)
    .slice(0, LONGEST + 1)
    .replaceAll(/\s+/g, ' ');
  const line = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  if (typeof value === 'object' && value !== null) lines.set(value, line);
  return line;
}

/** Objects may be as large as 1 MiB, and are drawn again with each word. */
const lines = new WeakMap<object, string>();
