// The bars of a step: what it did, and when.
import { hintsOf } from '../api/nodeTypes';
import { isSettled, type Attempt, type Run, type Step } from '../run/run';

export type BarKind = 'queued' | 'asking' | 'working' | 'failed' | 'pause' | 'person' | 'delay' | 'outage';

export interface Span {
  from: number;
  /** Without it, until now. */
  to?: number;
}

/** Times are milliseconds on the server's clock. */
export interface Bar extends Span {
  kind: BarKind;
}

/** When a step was ready: all its dependencies had ended. A step in a body has no such time. */
export function readyAt(run: Run, step: Step): number | undefined {
  if (step.needs.length === 0) return step.depth === 0 ? millis(run.startedAt) : undefined;
  const ends = step.needs.map((path) => {
    const need = run.steps.get(path);
    return need && isSettled(need.state) ? millis(need.endedAt) : undefined;
  });
  return ends.every((end) => end !== undefined) ? Math.max(...ends) : undefined;
}

export function barsOf(step: Step, ready: number | undefined): Bar[] {
  if (step.state === 'skipped') return [];
  return [...queued(step, ready), ...tries(step), ...rests(step)];
}

/** When the first words of each attempt came. */
export const firstWordsOf = ({ attempts }: Step): number[] => attempts.flatMap((attempt) => (attempt.firstAt === undefined ? [] : [firstOf(attempt)]));

/** The stretches in which the step itself runs, not a step inside it. */
export const workOf = (step: Step): Span[] =>
  step.body > 0 ? [] : tries(step).filter(({ kind }) => kind === 'asking' || kind === 'working' || kind === 'failed');

function queued(step: Step, ready: number | undefined): Bar[] {
  if (ready === undefined) return [];
  const start = millis(step.startedAt ?? step.endedAt);
  return start === undefined || start > ready ? [{ kind: 'queued', from: ready, to: start }] : [];
}

function tries(step: Step): Bar[] {
  const { attempts, endedAt } = step;
  const end = millis(endedAt);
  // A step can fail before its first attempt.
  if (attempts.length === 0 && step.state === 'failed' && end !== undefined) return [{ kind: 'failed', from: end, to: end }];
  return attempts.flatMap((attempt, index) => [...oneTry(step, attempt), ...pauseAfter(attempt, attempts[index + 1], end)]);
}

function oneTry(step: Step, attempt: Attempt): Bar[] {
  const from = Date.parse(attempt.startedAt);
  const to = millis(attempt.endedAt);
  const queued = attempt.queued.map(restSpan);
  const line = queued.map((span): Bar => ({ kind: 'queued', ...span }));
  if (attempt.error) return [...line, ...without(queued, { kind: 'failed', from, to })];
  if (attempt.firstAt !== undefined) {
    const first = firstOf(attempt);
    return [...line, ...without(queued, { kind: 'asking', from, to: first }), { kind: 'working', from: first, to }];
  }
  const isAsking = to === undefined && step.body === 0 && hintsOf(step.type).streams_text && step.text === '' && step.thought === '';
  return [...line, ...without([...step.rests.map(restSpan), ...queued], { kind: isAsking ? 'asking' : 'working', from, to })];
}

/** Clocks differ, so the time of the first words is clamped to the attempt. */
const firstOf = ({ startedAt, firstAt, endedAt }: Attempt): number =>
  Math.min(Math.max(Date.parse(firstAt!), Date.parse(startedAt)), millis(endedAt) ?? Infinity);

function pauseAfter(attempt: Attempt, next: Attempt | undefined, end: number | undefined): Bar[] {
  const from = millis(attempt.endedAt);
  if (attempt.isLost && from !== undefined) return [{ kind: 'outage', from, to: millis(next?.startedAt) ?? end }];
  if (attempt.nextIn === undefined || from === undefined) return [];
  return [{ kind: 'pause', from, to: millis(next?.startedAt) ?? end ?? from + attempt.nextIn }];
}

const rests = (step: Step): Bar[] => step.rests.map((rest) => ({ kind: rest.isForPerson ? 'person' : 'delay', ...restSpan(rest) }));

const restSpan = ({ since, until }: { since: string; until?: string }): Span => ({ from: Date.parse(since), to: millis(until) });

/** The parts of a bar outside the given stretches. */
function without(rests: Span[], bar: Bar): Bar[] {
  const left: Bar[] = [];
  let from = bar.from;
  for (const rest of [...rests].sort((one, other) => one.from - other.from)) {
    if (rest.to !== undefined && rest.to <= from) continue;
    if (bar.to !== undefined && rest.from >= bar.to) break;
    if (rest.from > from) left.push({ ...bar, from, to: rest.from });
    if (rest.to === undefined) return left;
    from = rest.to;
  }
  return bar.to === undefined || bar.to > from || rests.length === 0 ? [...left, { ...bar, from }] : left;
}

const millis = (time: string | undefined): number | undefined => (time === undefined ? undefined : Date.parse(time));
