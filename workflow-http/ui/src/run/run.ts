// The state of a run, as its events say (`reduce.ts`), and what is asked of it.
import type { AskedCall, Cost, LogEvent, Problem, ReusedFrom, RunItem, ToolCall, TurnOutput, Usage } from '../api/types';
import type { Decision } from './agent';
import { costOf, total, type Spent } from './cost';
import type { LogLine } from './log';
import type { OutageLog } from './outages';
import { containerOf, isOnFailure, type Outline, type Place, type Repeats } from './outline';

/** `waiting` is for a person, `delayed` for a time. */
export type RunStatus = 'queued' | 'running' | 'waiting' | 'delayed' | 'completed' | 'failed' | 'cancelled';
export type StepState = 'pending' | 'queued' | 'running' | 'retrying' | 'waiting' | 'delayed' | 'completed' | 'failed' | 'skipped' | 'cancelled';

export interface Wait {
  id: string;
  since: string;
  /** What a person is asked. */
  message?: string;
  schema?: unknown;
  expiresAt?: string;
  resumesAt?: string;
  /** The engine asks: whether the step may act, whether a budget is raised, or whether a tool may be called. */
  kind?: 'effect' | 'budget' | 'approval';
  /** The call that is to be approved. */
  call?: AskedCall;
  /** What the step would send. */
  request?: unknown;
}

/** One attempt of a step. */
export interface Attempt {
  number: number;
  startedAt: string;
  /** When its first text came, if the page received it live or the log has it. */
  firstAt?: string;
  /** When its first text came that is not a thought. */
  textAt?: string;
  /** Since when the page receives its text live, and how much of it there was before. */
  live?: { since: string; before: number };
  endedAt?: string;
  /** When it waited for admission. */
  queued: { since: string; until?: string }[];
  /** Its error, and the back-off in ms before the next attempt. */
  error?: Problem;
  nextIn?: number;
  /** The server stopped during the attempt, at `endedAt` or later. */
  isLost?: boolean;
  /** What the next attempt waits for besides the back-off. */
  waitsFor?: string;
}

/** A position in the queue of a shared limit. */
export interface Queue {
  name: string;
  position: number;
  since: string;
}

/** A stretch in which a step waited, for a person or a time. */
export interface Rest {
  isForPerson: boolean;
  since: string;
  until?: string;
}

export interface Step extends Place {
  path: string;
  node: string;
  /** The number of steps inside it so far, and the number expected, if known. */
  inner: number;
  innerToCome?: number;
  state: StepState;
  attempt: number;
  maxAttempts?: number;
  /** Of all its attempts. */
  usage?: Usage;
  spent?: Spent;
  attempts: Attempt[];
  rests: Rest[];
  startedAt?: string;
  endedAt?: string;
  durationMs?: number;
  /** The text of the current attempt so far. */
  text: string;
  thought: string;
  output?: unknown;
  error?: Problem;
  handled?: boolean;
  reason?: string;
  /** Its result is that of an earlier run, and where it was executed, if it was reused by content. */
  isReused?: boolean;
  reusedFrom?: ReusedFrom;
  /** Its output was set, by what started the run or by a person. */
  isSet?: boolean;
  model?: string;
  finishReason?: string;
  /** The answer was cut off at a limit of tokens. */
  isTruncated?: boolean;
  metadata?: unknown;
  /** Its attempt waits for admission. */
  queue?: Queue;
  /** The number of steps inside it that wait for a person. */
  asks: number;
  progress?: string;
  /** How far a map is, from 0 to 1, and how many items it has. */
  done?: number;
  items?: number;
  wait?: Wait;
  /** Of a turn that has ended, what the model said and asked for. */
  said?: TurnOutput;
  /** Of a tool call, what the model asked for. */
  call?: ToolCall;
  /** Of a tool call, what a person decided. */
  decision?: Decision;
}

type Created = Extract<LogEvent, { type: 'run.created' }>;

/** What a run was started with besides its input. */
export type Origin = Pick<Created, 'retry_of' | 'continues' | 'from' | 'only' | 'overrides' | 'budget'>;

export interface Run extends OutageLog {
  id: string;
  seq: number;
  origin: Origin;
  status: RunStatus;
  workflowId?: string;
  version?: number;
  input?: unknown;
  createdAt?: string;
  startedAt?: string;
  endedAt?: string;
  durationMs?: number;
  usage?: Usage;
  cost?: Cost;
  output?: unknown;
  error?: Problem;
  /** Why `on_failure` did not complete. */
  onFailureError?: Problem;
  reason?: string;
  /** When a suspended run resumes by itself. */
  wakeAt?: string;
  outline: Outline;
  steps: ReadonlyMap<string, Step>;
  /** Paths in the order of the page: as in the workflow, inner steps after the step they belong to. */
  order: string[];
  log: LogLine[];
}

/** The state of a run in a list: a waiting run without open questions is delayed. */
export const statusOf = (run: Pick<RunItem, 'status' | 'awaiting_answers'>): RunStatus =>
  run.status === 'waiting' && !run.awaiting_answers ? 'delayed' : run.status;

export const newRun = (id: string): Run => ({
  id,
  seq: 0,
  origin: {},
  status: 'queued',
  outline: { nodes: [], workflows: new Map() },
  steps: new Map(),
  order: [],
  log: [],
  outages: [],
});

/** The path in the text of a step of the run; without a run, of a node of the text. */
export const writtenOf = (run: Run | null, path: string): string => run?.steps.get(path)?.written ?? path;

/** Whether the first event of the run has come. */
export const isKnown = (run: Run | null): run is Run => run !== null && run.seq > 0;

export const hasEnded = (run: Run): boolean => run.status === 'completed' || run.status === 'failed' || run.status === 'cancelled';

/** How long a step took, or has taken so far, without the time in which no server was there. */
export function tookOf(step: Step, now: number): number | undefined {
  const { startedAt, endedAt, durationMs, attempts, rests } = step;
  if (startedAt === undefined) return undefined;
  if (durationMs !== undefined && attempts.length <= 1 && rests.length === 0) return durationMs;
  const lost = attempts.reduce((sum, { isLost, endedAt }, index) => {
    const next = attempts[index + 1];
    return isLost && endedAt && next ? sum + Date.parse(next.startedAt) - Date.parse(endedAt) : sum;
  }, 0);
  return Math.max(0, (endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(startedAt) - lost);
}

/** The state to show: a container with a step that waits for a person waits, too. */
export const shownState = ({ state, asks }: Step): StepState => (state === 'running' && asks > 0 ? 'waiting' : state);

export const isSettled = (state: StepState): boolean => state === 'completed' || state === 'failed' || state === 'skipped' || state === 'cancelled';

/** The steps that wait for a person, in the order of the page. */
export const asked = (run: Run): Step[] => run.order.flatMap((path) => (run.steps.get(path)!.state === 'waiting' ? [run.steps.get(path)!] : []));

/** Whether it is in a round or a turn: each of them depends on those before it. */
export const isInSequence = (run: Run, step: Step): boolean => isInAgent(run, step) || isInside(run, step, 'round');

/** Whether it is in a turn: what a model asks for is not known before it has spoken. */
export const isInAgent = (run: Run, step: Step): boolean => isInside(run, step, 'turn');

function isInside(run: Run, { container }: Step, what: Repeats): boolean {
  for (let outer = container; outer !== undefined; outer = containerOf(outer)) if (run.steps.get(outer)?.repeats === what) return true;
  return false;
}

/** What the run has used: the server's sum, or while it is live, the sum of its steps. */
export const usageOf = (run: Run): Usage | undefined =>
  run.usage ?? [...run.steps.values()].reduce<Usage | undefined>((total, step) => addUsage(total, step.usage), undefined);

/** What the run cost: the server's sum, or while it is live, the sum of its steps. */
export const costOfRun = (run: Run): Cost | undefined => run.cost ?? costOf(total([...run.steps.values()].map(({ spent }) => spent)));

/** What a step cost, with the steps in it. */
export const costOfStep = (run: Run, { path, inner, spent }: Step): Cost | undefined =>
  costOf(inner === 0 ? (spent ?? {}) : total([spent, ...spentInside(run, `${path}/`)]));

/** What the steps cost whose paths begin like this: `support/0/` is a turn. */
export const costOfInside = (run: Run, prefix: string): Cost | undefined => costOf(total(spentInside(run, prefix)));

const spentInside = (run: Run, prefix: string): (Spent | undefined)[] =>
  run.order.flatMap((path) => (path.startsWith(prefix) ? [run.steps.get(path)!.spent] : []));

/** The sum of what attempts used. */
export function addUsage(one: Usage | undefined, other: Usage | undefined): Usage | undefined {
  if (!one || !other) return one ?? other;
  const add = (key: keyof Usage) => (one[key] ?? 0) + (other[key] ?? 0);
  return { input_tokens: add('input_tokens'), output_tokens: add('output_tokens'), thought_tokens: add('thought_tokens') };
}

/** Whether a container runs only because of a delay in it. */
const isAwaiting = (run: Run, { path, inner }: Step): boolean =>
  inner > 0 && run.order.some((other) => other.startsWith(`${path}/`) && run.steps.get(other)!.state === 'delayed');

/** The step that is shown without a choice: one that failed or waits for a person, else one that is running, else the last. */
export function focusOf(run: Run): string | undefined {
  const last = (isIt: (step: Step) => boolean) => run.order.findLast((path) => isIt(run.steps.get(path)!));
  const failed = run.status === 'failed' ? last((step) => step.state === 'failed' && !step.handled && !isOnFailure(run.outline, step.path)) : undefined;
  return (
    failed ??
    asked(run)[0]?.path ??
    last((step) => (step.state === 'running' && !isAwaiting(run, step)) || step.state === 'retrying' || step.state === 'queued') ??
    last((step) => step.state === 'delayed') ??
    last((step) => step.depth === 0 && (step.state === 'completed' || step.state === 'cancelled' || step.state === 'failed')) ??
    run.order[0]
  );
}
