// A run, built from its events and from nothing else: a live run and a replayed one are the same thing.
import type { Delta, LogEvent, Problem, RunEvent, Usage } from '../api/types';
import { logLine, type LogLine } from './log';

export type RunStatus = 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled';
export type StepState = 'pending' | 'running' | 'retrying' | 'waiting' | 'completed' | 'failed' | 'skipped' | 'cancelled';

export interface Step {
  path: string;
  node: string;
  type: string;
  needs: string[];
  state: StepState;
  attempt: number;
  maxAttempts?: number;
  /** Of all its attempts. */
  usage?: Usage;
  /** What went wrong in the attempts before this one. */
  retries: { attempt: number; error: Problem; nextIn: number; at: string }[];
  startedAt?: string;
  endedAt?: string;
  durationMs?: number;
  /** The model's words of this attempt, so far. */
  text: string;
  thought: string;
  output?: unknown;
  error?: Problem;
  handled?: boolean;
  reason?: string;
  model?: string;
  finishReason?: string;
  progress?: string;
  wait?: { id: string; message?: string; expiresAt?: string };
}

export interface Run {
  id: string;
  seq: number;
  status: RunStatus;
  workflowId?: string;
  version?: number;
  input?: unknown;
  createdAt?: string;
  startedAt?: string;
  endedAt?: string;
  durationMs?: number;
  usage?: Usage;
  output?: unknown;
  error?: Problem;
  reason?: string;
  steps: Record<string, Step>;
  /** Paths in the order of the page: as in the workflow, inner steps after the step they belong to. */
  order: string[];
  log: LogLine[];
}

export const newRun = (id: string): Run => ({ id, seq: 0, status: 'queued', steps: {}, order: [], log: [] });

/** Whether the run's first event has come: before it, nothing can be said. */
export const isKnown = (run: Run | null): run is Run => run !== null && run.seq > 0;

export const hasEnded = (run: Run): boolean =>
  run.status === 'completed' || run.status === 'failed' || run.status === 'cancelled';

/** The run after these events. Events already seen, and types the page does not know, change nothing. */
export function reduce(run: Run, events: RunEvent[]): Run {
  return events.reduce((now, event) => {
    if (event.type === 'node.delta') return join(now, event);
    if (event.seq <= now.seq) return now;
    const next = apply(now, event);
    const line = logLine(event, next);
    return { ...next, seq: event.seq, log: line ? [...next.log, line] : next.log };
  }, run);
}

function apply(run: Run, event: LogEvent): Run {
  switch (event.type) {
    case 'run.created':
      return {
        ...run,
        workflowId: event.workflow_id,
        version: event.version,
        input: event.input,
        createdAt: event.time,
        order: event.nodes.map((node) => node.id),
        steps: Object.fromEntries(
          event.nodes.map((node) => [node.id, newStep(node.id, node.id, node.type, node.needs)]),
        ),
      };
    case 'run.started':
      return { ...run, status: 'running', startedAt: event.time };
    case 'run.suspended':
      return { ...run, status: 'waiting' };
    case 'run.resumed':
      return { ...run, status: 'running' };
    case 'run.completed':
      return { ...ended(run, event), status: 'completed', output: event.output };
    case 'run.failed':
      return { ...ended(run, event), status: 'failed', error: event.error };
    case 'run.cancelled':
      return { ...ended(run, event), status: 'cancelled', reason: event.reason };
    case 'node.started':
      return change(run, event, (step) => ({
        ...step,
        ...(event.node_type ? { type: event.node_type } : {}),
        ...attemptOf(step, event.attempt ?? 1),
        state: 'running',
        maxAttempts: event.max_attempts ?? step.maxAttempts,
        startedAt: step.startedAt ?? event.time,
        reason: event.reason,
      }));
    case 'node.progress':
      return change(run, event, (step) => ({ ...step, progress: progressOf(event) }));
    case 'node.retrying':
      return change(run, event, (step) => ({
        ...step,
        state: 'retrying',
        maxAttempts: event.max_attempts ?? step.maxAttempts,
        usage: sum(step.usage, event.usage),
        retries: [
          ...step.retries,
          { attempt: event.attempt ?? step.attempt, error: event.error, nextIn: event.next_in_ms, at: event.time },
        ],
      }));
    case 'node.waiting':
      return change(run, event, (step) => ({
        ...step,
        state: 'waiting',
        startedAt: step.startedAt ?? event.time,
        wait: { id: event.wait_id, message: event.message, expiresAt: event.expires_at },
      }));
    case 'node.resumed':
      return change(run, event, (step) => ({ ...step, state: 'running', wait: undefined }));
    case 'node.completed':
      return change(run, event, (step) => ({
        ...step,
        state: 'completed',
        output: event.output,
        endedAt: event.time,
        durationMs: event.duration_ms,
        usage: sum(step.usage, event.usage),
        model: event.model,
        finishReason: event.finish_reason,
      }));
    case 'node.failed':
      return change(run, event, (step) => ({
        ...step,
        state: 'failed',
        error: event.error,
        handled: event.handled,
        output: event.output,
        durationMs: event.duration_ms,
        usage: sum(step.usage, event.usage),
        endedAt: event.time,
      }));
    case 'node.skipped':
      return change(run, event, (step) => ({ ...step, state: 'skipped', reason: event.reason }));
    case 'node.cancelled':
      return change(run, event, (step) => ({ ...step, state: 'cancelled', reason: event.reason, endedAt: event.time }));
    default:
      return run;
  }
}

const ended = (run: Run, event: { time: string; usage?: Usage; duration_ms?: number }): Run => ({
  ...run,
  endedAt: event.time,
  durationMs: event.duration_ms,
  usage: event.usage,
});

const newStep = (path: string, node: string, type = '', needs: string[] = []): Step => ({
  path,
  node,
  type,
  needs,
  state: 'pending',
  attempt: 0,
  retries: [],
  text: '',
  thought: '',
});

/** A new attempt starts with nothing said. */
const attemptOf = (step: Step, attempt: number): Pick<Step, 'attempt' | 'text' | 'thought'> =>
  attempt === step.attempt
    ? { attempt, text: step.text, thought: step.thought }
    : { attempt, text: '', thought: '' };

function change(run: Run, { path, node }: { path: string; node: string }, edit: (step: Step) => Step): Run {
  const known = run.steps[path];
  const steps = { ...run.steps, [path]: edit(known ?? newStep(path, node)) };
  return known ? { ...run, steps } : { ...run, steps, order: placed(run.order, path) };
}

/** A step inside a map or loop stands after the last step of the same container. */
function placed(order: string[], path: string): string[] {
  const container = path.slice(0, path.indexOf('/') + 1);
  const inside = (other: string) => other === container.slice(0, -1) || other.startsWith(container);
  const last = container ? order.findLastIndex(inside) : -1;
  return last < 0 ? [...order, path] : [...order.slice(0, last + 1), path, ...order.slice(last + 1)];
}

/** Text joins by offset: what is known already is not said twice, and a gap waits for the text so far. */
function join(run: Run, event: Delta): Run {
  const known = run.steps[event.path];
  if (known && (event.attempt < known.attempt || isSettled(known.state))) return run;
  return change(run, event, (step) => {
    const begun = { ...step, ...attemptOf(step, event.attempt) };
    const said = begun[event.kind];
    const end = event.offset + event.delta.length;
    if (event.offset > said.length || end <= said.length) return begun;
    return { ...begun, state: 'running', [event.kind]: said.slice(0, event.offset) + event.delta };
  });
}

export const isSettled = (state: StepState): boolean =>
  state === 'completed' || state === 'failed' || state === 'skipped' || state === 'cancelled';

function progressOf(event: { items_done?: number; items?: number; round?: number }): string | undefined {
  if (event.items !== undefined) return `${event.items_done ?? 0}/${event.items}`;
  return event.round === undefined ? undefined : `round ${event.round + 1}`;
}

/** What the run has used: the server's sum, or while it goes on, the sum of its steps. */
export const usageOf = (run: Run): Usage | undefined =>
  run.usage ?? Object.values(run.steps).reduce<Usage | undefined>((total, step) => sum(total, step.usage), undefined);

function sum(one: Usage | undefined, other: Usage | undefined): Usage | undefined {
  if (!one || !other) return one ?? other;
  const add = (key: keyof Usage) => (one[key] ?? 0) + (other[key] ?? 0);
  return { input_tokens: add('input_tokens'), output_tokens: add('output_tokens'), thought_tokens: add('thought_tokens') };
}

/** The step worth looking at when nobody chose one: what failed, else what is happening, else what came last. */
export function focusOf(run: Run): string | undefined {
  const last = (...states: StepState[]) => run.order.findLast((path) => states.includes(run.steps[path]!.state));
  const failed = run.status === 'failed' ? run.order.findLast((path) => run.steps[path]!.state === 'failed' && !run.steps[path]!.handled) : undefined;
  return failed ?? last('running', 'retrying', 'waiting') ?? last('completed', 'cancelled', 'failed') ?? run.order[0];
}
