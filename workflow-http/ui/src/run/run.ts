// The state of a run, reduced from its events only: a live run and a replayed one are the same.
import type { AskedCall, Cost, Delta, LogEvent, Problem, ReusedFrom, RunEvent, RunItem, ToolCall, Usage } from '../api/types';
import { callOf, decisionOf, type Decision } from './agent';
import { costOf, spend, total, type Spent } from './cost';
import { logLine, type LogLine } from './log';
import { plural } from '../base/format';
import { learnOutage, outageOf, type OutageLog } from './outages';
import { containerOf, indexOf, isOnFailure, ON_FAILURE, type Outline, type Place, placeOf } from './outline';

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

/** The run after these events. Events already seen, and types the page does not know, change nothing. */
export function reduce(run: Run, events: RunEvent[]): Run {
  // One copy for all of them: a replayed map may bring thousands at once.
  const next: Copy = { ...run, steps: new Map(run.steps), order: [...run.order] };
  const lines: LogLine[] = [];
  for (const event of events) {
    if (event.type === 'node.delta') join(next, event);
    else if (event.seq > next.seq) {
      learnOutage(next, event, 'path' in event ? next.steps.get(event.path ?? '')?.attempts.at(-1)?.startedAt : undefined);
      apply(next, event);
      next.seq = event.seq;
      const line = logLine(event, next);
      if (line) lines.push(line);
    }
  }
  if (lines.length > 0) next.log = [...run.log, ...lines];
  return next;
}

/** The reducer's own copy of a run, which it changes. */
type Copy = Omit<Run, 'steps'> & { steps: Map<string, Step> };

/** Its steps are replaced, never changed. */
function apply(run: Copy, event: LogEvent): void {
  const become = (change: Partial<Omit<Run, 'steps'>>) => void Object.assign(run, change);
  switch (event.type) {
    case 'run.created':
      become({
        workflowId: event.workflow_id,
        version: event.version,
        input: event.input,
        createdAt: event.time,
        origin: event,
        outline: {
          nodes: event.nodes,
          onFailure: event.on_failure,
          workflows: new Map((event.workflows ?? []).map((called) => [called.workflow, called])),
        },
      });
      for (const { id } of event.nodes) add(run, id, id);
      return;
    case 'run.started':
      return become({ status: 'running', startedAt: event.time });
    case 'run.suspended':
      return become({ status: asked(run).length > 0 ? 'waiting' : 'delayed', wakeAt: event.wake_at });
    case 'run.resumed':
      return become({ status: 'running', wakeAt: undefined });
    case 'run.completed':
      return become({ ...ended(event), status: 'completed', output: event.output });
    case 'run.failing':
      become({ error: event.error });
      for (const { id } of run.outline.onFailure ?? []) add(run, `${ON_FAILURE}/${id}`, id);
      return;
    case 'run.failed':
      return become({
        ...ended(event),
        status: 'failed',
        error: event.error,
        ...(event.on_failure_error ? { onFailureError: event.on_failure_error } : {}),
      });
    case 'run.cancelled':
      return become({ ...ended(event), status: 'cancelled', reason: event.reason });
    case 'node.started': {
      // All attempts that one stop of the server cut off have the same time.
      const lostAt = event.reason === 'recovered' ? outageOf(run, run.steps.get(event.path)?.attempts.at(-1)?.startedAt ?? event.time)?.since : undefined;
      return change(run, event, (step) => ({
        ...attemptOf(step, event.attempt ?? 1),
        state: 'running',
        attempts: [
          ...lastAttempt(step, (attempt) =>
            attempt.endedAt
              ? {}
              : { ...leaveQueue(attempt, lostAt ?? event.time), endedAt: lostAt ?? event.time, ...(lostAt === undefined ? {} : { isLost: true }) },
          ),
          { number: event.attempt ?? 1, startedAt: event.time, queued: [] },
        ],
        queue: undefined,
        maxAttempts: event.max_attempts ?? step.maxAttempts,
        startedAt: step.startedAt ?? event.time,
        reason: event.reason,
      }));
    }
    case 'node.queued':
      return change(run, event, (step) => ({
        state: 'queued',
        queue: { name: event.queue, position: event.position, since: step.queue?.since ?? event.time },
        attempts: step.queue ? step.attempts : lastAttempt(step, ({ queued }) => ({ queued: [...queued, { since: event.time }] })),
      }));
    case 'node.admitted':
      return change(run, event, (step) => ({ state: 'running', queue: undefined, attempts: lastAttempt(step, (attempt) => leaveQueue(attempt, event.time)) }));
    case 'node.progress':
      return change(run, event, (step) => progressOf(event, step));
    case 'node.retrying':
      return change(run, event, (step) => ({
        state: 'retrying',
        maxAttempts: event.max_attempts ?? step.maxAttempts,
        usage: sum(step.usage, event.usage),
        spent: spend(step.spent, event),
        queue: undefined,
        attempts: lastAttempt(step, (attempt) => ({ ...endOfTry(attempt, event), nextIn: event.next_in_ms, waitsFor: event.waits_for })),
      }));
    case 'node.waiting':
      return change(run, event, (step) => ({
        state: event.message === undefined ? 'delayed' : 'waiting',
        startedAt: step.startedAt ?? event.time,
        rests: [...step.rests, { isForPerson: event.message !== undefined, since: event.time }],
        wait: {
          id: event.wait_id,
          since: event.time,
          message: event.message,
          schema: event.schema,
          expiresAt: event.expires_at,
          resumesAt: event.resumes_at,
          kind: event.kind,
          call: event.call,
          request: event.request,
        },
      }));
    case 'node.resumed':
      return change(run, event, (step) => ({
        state: 'running',
        rests: endRest(step, event.time),
        wait: undefined,
        ...(step.wait?.kind === 'approval' ? { decision: decisionOf(event.payload) } : {}),
      }));
    case 'node.completed':
      return change(run, event, (step) => ({
        state: 'completed',
        ...endOf(step, event),
        output: event.output,
        isReused: event.reused,
        reusedFrom: event.reused_from,
        isSet: event.overridden,
        model: event.model,
        finishReason: event.finish_reason,
        isTruncated: event.truncated,
        metadata: event.metadata,
        ...(event.rounds === undefined ? {} : { progress: roundsOf(event.rounds, 'round', event.exhausted) }),
        ...(event.turns === undefined ? {} : { progress: roundsOf(event.turns, 'turn', event.exhausted) }),
      }));
    case 'node.failed':
      return change(run, event, (step) => ({
        state: 'failed',
        ...endOf(step, event),
        error: event.error,
        handled: event.handled,
        output: event.output,
      }));
    case 'node.skipped':
      return change(run, event, () => ({ state: 'skipped', reason: event.reason, endedAt: event.time }));
    case 'node.cancelled':
      return change(run, event, (step) => ({ state: 'cancelled', ...endOf(step, event), reason: event.reason }));
  }
}

const ended = (event: { time: string; usage?: Usage; cost?: Cost; duration_ms?: number }): Partial<Omit<Run, 'steps'>> => ({
  endedAt: event.time,
  durationMs: event.duration_ms,
  usage: event.usage,
  cost: event.cost,
});

/** The changes when a step ends. */
function endOf(step: Step, event: End & { duration_ms?: number; usage?: Usage; cost?: Cost }): Partial<Step> {
  return {
    queue: undefined,
    attempts: lastAttempt(step, (attempt) => endOfTry(attempt, event)),
    rests: endRest(step, event.time),
    wait: undefined,
    endedAt: event.time,
    durationMs: event.duration_ms,
    usage: sum(step.usage, event.usage),
    spent: spend(step.spent, event),
  };
}

interface End {
  time: string;
  error?: Problem;
  queued_ms?: number;
  first_delta_ms?: number;
}

/** The log has the time of the first text, also for a page that was not connected. */
function endOfTry(attempt: Attempt, { time, error, queued_ms = 0, first_delta_ms }: End): Partial<Attempt> {
  const firstAt = first_delta_ms === undefined ? attempt.firstAt : new Date(Date.parse(attempt.startedAt) + queued_ms + first_delta_ms).toISOString();
  return { ...leaveQueue(attempt, time), endedAt: time, error, ...(firstAt === undefined ? {} : { firstAt }) };
}

const leaveQueue = ({ queued }: Attempt, until: string): Pick<Attempt, 'queued'> => ({ queued: queued.map((stay) => ({ until, ...stay })) });

/** The attempts of a step, with a change of the last one. */
function lastAttempt({ attempts }: Step, edit: (attempt: Attempt) => Partial<Attempt>): Attempt[] {
  const last = attempts.at(-1);
  return last ? [...attempts.slice(0, -1), { ...last, ...edit(last) }] : attempts;
}

const endRest = ({ rests }: Step, until: string): Rest[] => rests.map((rest) => ({ until, ...rest }));

/** A new attempt starts without text. */
const attemptOf = (step: Step, attempt: number): Pick<Step, 'attempt' | 'text' | 'thought'> =>
  attempt === step.attempt ? { attempt, text: step.text, thought: step.thought } : { attempt, text: '', thought: '' };

function change(run: Copy, { path, node }: { path: string; node: string }, edit: (step: Step) => Partial<Step>): void {
  const step = run.steps.get(path) ?? add(run, path, node);
  const next = { ...step, ...edit(step) };
  run.steps.set(path, next);
  const asks = Number(next.state === 'waiting') - Number(step.state === 'waiting');
  if (asks !== 0) inContainers(run, next, (container) => ({ asks: container.asks + asks }));
}

/** Adds a step at its place in the order, with its first event. */
function add(run: Copy, path: string, node: string): Step {
  const place = placeOf(run.outline, path);
  const step: Step = {
    ...place,
    path,
    node,
    inner: 0,
    state: 'pending',
    attempt: 0,
    asks: 0,
    attempts: [],
    rests: [],
    text: '',
    thought: '',
    call: callOf(run, path, place),
  };
  run.steps.set(path, step);
  run.order.splice(
    indexOf(run.order, place.rank, (other) => run.steps.get(other)!.rank),
    0,
    path,
  );
  inContainers(run, step, ({ inner }) => ({ inner: inner + 1 }));
  return step;
}

/** Changes all containers of a step. */
function inContainers(run: Copy, { container }: Step, edit: (container: Step) => Partial<Step>): void {
  for (let outer = container; outer !== undefined; outer = containerOf(outer)) {
    const step = run.steps.get(outer);
    if (step) run.steps.set(outer, { ...step, ...edit(step) });
  }
}

/** Appends text by offset: duplicates are dropped, and a gap waits for the whole text. */
function join(run: Copy, event: Delta): void {
  const known = run.steps.get(event.path);
  if (known && (event.attempt < known.attempt || isSettled(known.state))) return;
  change(run, event, (step) => {
    const begun = attemptOf(step, event.attempt);
    const said = begun[event.kind];
    const end = event.offset + event.delta.length;
    if (event.offset > said.length || end <= said.length) return begun;
    const attempts = event.time === undefined ? step.attempts : lastAttempt(step, (attempt) => heard(event, begun, attempt));
    return { ...begun, attempts, state: 'running', queue: undefined, [event.kind]: said.slice(0, event.offset) + event.delta };
  });
}

/** What text that comes live says of its attempt. */
const heard = ({ kind, time }: Delta, { text, thought }: Pick<Step, 'text' | 'thought'>, { firstAt, textAt, live }: Attempt): Partial<Attempt> => ({
  firstAt: text === '' && thought === '' ? time : firstAt,
  ...(kind === 'text' ? { textAt: text === '' ? time : textAt, live: live ?? { since: time!, before: text.length } } : {}),
});

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

function progressOf(event: { items_done?: number; items?: number; round?: number; turn?: number; max_turns?: number }, step: Step): Partial<Step> {
  const { items, items_done = 0, round, turn, max_turns } = event;
  if (turn !== undefined) return { progress: `turn ${turn + 1}${max_turns === undefined ? '' : ` of at most ${max_turns}`}` };
  if (items !== undefined) {
    return { progress: `${items_done}/${items}`, done: items === 0 ? 1 : items_done / items, items, innerToCome: items * step.body };
  }
  return round === undefined ? {} : { progress: `round ${round + 1}` };
}

const roundsOf = (count: number, noun: 'round' | 'turn', isExhausted = false): string => plural(count, noun) + (isExhausted ? ', no more are allowed' : '');

/** The steps that wait for a person, in the order of the page. */
export const asked = (run: Run): Step[] => run.order.flatMap((path) => (run.steps.get(path)!.state === 'waiting' ? [run.steps.get(path)!] : []));

/** Whether it is in a round or a turn: each of them depends on those before it. */
export function isInSequence(run: Run, { container }: Step): boolean {
  for (let outer = container; outer !== undefined; outer = containerOf(outer)) {
    const repeats = run.steps.get(outer)?.repeats;
    if (repeats === 'round' || repeats === 'turn') return true;
  }
  return false;
}

/** What the run has used: the server's sum, or while it is live, the sum of its steps. */
export const usageOf = (run: Run): Usage | undefined =>
  run.usage ?? [...run.steps.values()].reduce<Usage | undefined>((total, step) => sum(total, step.usage), undefined);

/** What the run cost: the server's sum, or while it is live, the sum of its steps. */
export const costOfRun = (run: Run): Cost | undefined => run.cost ?? costOf(total([...run.steps.values()].map(({ spent }) => spent)));

/** What a step cost, with the steps in it. */
export const costOfStep = (run: Run, { path, inner, spent }: Step): Cost | undefined =>
  costOf(inner === 0 ? (spent ?? {}) : total([spent, ...run.order.flatMap((other) => (other.startsWith(`${path}/`) ? [run.steps.get(other)!.spent] : []))]));

function sum(one: Usage | undefined, other: Usage | undefined): Usage | undefined {
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
