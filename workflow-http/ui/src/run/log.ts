// The lines of the log: time, step and what happened.
import type { Cost, LogEvent, Problem, Usage } from '../api/types';
import { asLine, duration, ended, moment, ordinal, plural, sentence } from '../base/format';
import { money } from './cost';
import type { Run, Step, StepState } from './run';

export interface LogLine {
  seq: number;
  time: string;
  /** The step's path, or `run`. */
  of: string;
  state: StepState;
  word: string;
  message: string;
  output?: string;
  /** The announcement for screen readers, where the line alone is not clear. */
  said?: string;
}

const SKIPPED = new Map([
  ['when_false', 'Its condition was false.'],
  ['case_not_chosen', 'The switch chose another case.'],
  ['needs_skipped', 'What it needs was skipped.'],
  ['not_selected', 'The run is of another step only.'],
]);

const CANCELLED = new Map([
  ['stopped', 'A step ended the workflow.'],
  ['sibling_failed', 'Another step failed.'],
  ['cancelled', 'Results of finished steps stay.'],
  ['run_cancelled', 'The run was cancelled.'],
]);

/** A code of the server as a sentence. */
export function reasonOf(state: 'skipped' | 'cancelled', reason: string | undefined): string {
  if (!reason) return '';
  const words = (state === 'skipped' ? SKIPPED : CANCELLED).get(reason);
  return words ?? (/^[a-z_]+$/.test(reason) ? `Reason: ${reason.replaceAll('_', ' ')}.` : reason);
}

/** 12th in line. */
export const placeWords = ({ position }: { position: number }): string => `${position === 1 ? 'next' : ordinal(position)} in line`;

/** Waiting for the model, 12th in line. */
export const queueWords = (queue: { position: number }): string => `Waiting for the model, ${placeWords(queue)}`;

export const tokensOf = (usage: Usage | undefined): number => (usage?.input_tokens ?? 0) + (usage?.output_tokens ?? 0);

const after = (ms: number | undefined, usage: Usage | undefined, cost: Cost | undefined): string => {
  const tokens = tokensOf(usage);
  const facts = [ms === undefined ? '' : duration(ms), tokens > 0 ? plural(tokens, 'token') : '', cost ? money(cost) : ''].filter(Boolean);
  return facts.length > 0 ? `${facts.join(', ')}.` : '';
};

const said = ({ code, detail }: Problem): string => ended(code ? `${code}: ${sentence(detail)}` : sentence(detail));

const HELD = {
  effect: 'Held: a person decides whether it acts.',
  budget: 'Held: the budget is used up.',
  approval: 'Asked a person to approve the call.',
};

const isOfStep = (event: LogEvent): event is Extract<LogEvent, { node: string }> => event.type.startsWith('node.');

/** `run` is the run after the event. The items of a map and unknown types are not worth a line. */
export function logLine(event: LogEvent, run: Run): LogLine | undefined {
  const at = (time: string) => moment(time, Date.parse(event.time));
  const line = (state: StepState, message: string, word: string = state, output?: unknown): LogLine => ({
    seq: event.seq,
    time: event.time,
    of: isOfStep(event) ? event.path : 'run',
    state,
    word: word.toUpperCase(),
    message,
    ...(output === undefined ? {} : { output: asLine(output) }),
  });
  switch (event.type) {
    case 'run.created': {
      const version = event.version === undefined ? '' : `, version ${event.version}`;
      return line('pending', `${plural(event.nodes.length, 'step')}${version}.`, 'queued');
    }
    case 'run.started':
      return line('running', 'Started.', 'running');
    case 'run.suspended':
      return {
        ...line(run.status === 'waiting' ? 'waiting' : 'delayed', restWords(run, at), 'suspended'),
        ...(run.status === 'waiting' ? { said: 'The run waits for an answer.' } : {}),
      };
    case 'run.resumed':
      return line('running', event.reason === 'signal' ? 'Someone answered.' : event.reason === 'timer' ? 'Its time has come.' : 'Resumed.', 'resumed');
    case 'run.completed':
      return line('completed', after(event.duration_ms, event.usage, event.cost));
    case 'run.failing':
      return line('failed', `${sentence(event.error.detail)} The steps of on_failure run.`, 'failing');
    case 'run.failed':
      return line('failed', failedMessage(event));
    case 'run.cancelled':
      return line('cancelled', reasonOf('cancelled', event.reason) || 'Results of finished steps stay.');
    case 'node.started':
      return line('running', startedMessage(event.attempt ?? 1, event.reason, run.steps.get(event.path)));
    case 'node.retrying':
      return line(
        'retrying',
        `${ended(sentence(event.error.detail))} Next attempt in ${duration(event.next_in_ms)}${event.waits_for === 'retry_budget' ? ', once the shared retry budget allows it' : ''}.`,
      );
    case 'node.queued':
      return line('queued', `${queueWords(event)}.`);
    case 'node.admitted':
      return line('running', `Admitted after ${duration(event.queued_ms)}.`, 'admitted');
    case 'node.waiting':
      if (event.message === undefined) return line('delayed', event.resumes_at ? `Resumes at ${at(event.resumes_at)}.` : 'Waits for its time.', 'waiting');
      return {
        ...line(
          'waiting',
          `${event.kind === undefined ? 'Asked a person.' : HELD[event.kind]}${event.expires_at ? ` Answer by ${at(event.expires_at)}.` : ''}`,
          'waiting',
          event.message.replaceAll(/\s*\n\s*/g, '\n'),
        ),
        said: `${event.path} waits for an answer.`,
      };
    case 'node.resumed':
      return line('running', resumedMessage(event.payload, run.steps.get(event.path)), 'resumed');
    case 'node.progress':
      if ('turn' in event) return line('running', `Turn ${event.turn + 1}.`);
      return 'round' in event && event.round > 0 ? line('running', `Round ${event.round + 1}.`) : undefined;
    case 'node.completed':
      return line(
        'completed',
        event.reused
          ? `Reused from the earlier run.${event.reused_from?.saved_cost ? ` Saved ${money(event.reused_from.saved_cost)}.` : ''}`
          : event.overridden
            ? 'Its output was set.'
            : `${after(event.duration_ms, event.usage, event.cost)}${event.truncated ? ' Cut off at the token limit.' : ''}`.trim(),
        'completed',
        event.output,
      );
    case 'node.failed':
      return line(
        'failed',
        `${said(event.error)}${event.handled ? (run.steps.get(event.path)?.callIndex === undefined ? ' Handled: the workflow continued.' : ' The model was told.') : ''}`,
      );
    case 'node.skipped':
      return line('skipped', reasonOf('skipped', event.reason));
    case 'node.cancelled':
      return line('cancelled', reasonOf('cancelled', event.reason));
    default:
      return undefined;
  }
}

/** What a suspended run waits for. */
export function restWords(run: Run, at: (time: string) => string): string {
  if (run.status !== 'waiting') return run.wakeAt ? `Nothing to do until ${at(run.wakeAt)}.` : 'Nothing to do until its time comes.';
  const delays = [...run.steps.values()].flatMap(({ state, wait }) => (state === 'delayed' && wait?.resumesAt ? [wait.resumesAt] : []));
  const first = delays.sort((one, other) => Date.parse(one) - Date.parse(other))[0];
  return `Nothing to do until someone answers${first ? `, or until ${at(first)}` : ''}.`;
}

function resumedMessage(payload: unknown, step: Step | undefined): string {
  if (step?.decision) return !step.decision.isApproved ? 'Refused.' : 'args' in step.decision ? 'Approved, with changed arguments.' : 'Approved.';
  return payload === undefined ? 'Its time has come.' : 'Someone answered.';
}

function startedMessage(attempt: number, reason: string | undefined, step: Step | undefined): string {
  if (reason === 'recovered') return 'Started again after a restart of the server.';
  return (step?.maxAttempts ?? 1) > 1 ? `Started (attempt ${attempt} of ${step?.maxAttempts}).` : 'Started.';
}

/** The line of the step says what was wrong; without a step, this one does. */
function failedMessage({
  error,
  path,
  duration_ms,
  on_failure_error: note,
}: {
  error: Problem;
  path?: string;
  duration_ms?: number;
  on_failure_error?: Problem;
}): string {
  const failed = path === undefined ? said(error) : `Failed at ${path}${duration_ms === undefined ? '' : ` after ${duration(duration_ms)}`}.`;
  return note ? `${failed} on_failure did not complete: ${sentence(note.detail)}` : failed;
}
