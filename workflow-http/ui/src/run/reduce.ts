// The reducer: what the events of a run, and nothing else, make of it. A live run and a replayed one are the same.
import type { Cost, Delta, LogEvent, Problem, RunEvent, Usage } from '../api/types';
import { plural } from '../base/format';
import { AGENT_TURN } from '../api/nodeTypes';
import { callOf, decisionOf, turnOutputOf } from './agent';
import { spend } from './cost';
import { logLine, type LogLine } from './log';
import { learnOutage, outageOf } from './outages';
import { containerOf, ON_FAILURE } from './outline';
import { indexOf, placeOf } from './place';
import { addUsage, asked, isSettled, type Attempt, type Rest, type Run, type Step } from './run';

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
        usage: addUsage(step.usage, event.usage),
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
        ...(step.type === AGENT_TURN ? { said: turnOutputOf(event.output) } : {}),
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
    usage: addUsage(step.usage, event.usage),
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

function progressOf(event: { items_done?: number; items?: number; round?: number; turn?: number; max_turns?: number }, step: Step): Partial<Step> {
  const { items, items_done = 0, round, turn, max_turns } = event;
  if (turn !== undefined) return { progress: `turn ${turn + 1}${max_turns === undefined ? '' : ` of at most ${max_turns}`}` };
  if (items !== undefined) {
    return { progress: `${items_done}/${items}`, done: items === 0 ? 1 : items_done / items, items, innerToCome: items * step.body };
  }
  return round === undefined ? {} : { progress: `round ${round + 1}` };
}

const roundsOf = (count: number, noun: 'round' | 'turn', isExhausted = false): string => plural(count, noun) + (isExhausted ? ', no more are allowed' : '');
