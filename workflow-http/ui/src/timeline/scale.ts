// The scale of the timeline: from the start of the run to its end, with long idle stretches folded.
import { isSettled, type Run } from '../run/run';
import { duration } from '../base/format';
import { workOf, type Span } from './bars';

export interface Gap {
  from: number;
  to: number;
  /** Its position, from 0 to 1. */
  at: number;
  words: string;
}

export interface Tick {
  at: number;
  words: string;
}

export interface Scale {
  gaps: Gap[];
  ticks: Tick[];
  /** From 0 at the start to 1 at the right edge. */
  at: (time: number) => number;
}

/** A stretch is folded when it is longer than this, and than a fifth of the run. */
const LONG = 10_000;
const FOLDED = 1 / 5;
/** The width of a folded stretch, as a part of the line. */
export const GAP_WIDTH = 0.06;
const MOST_TICKS = 5;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The stretches in which a step is running, merged when they are close. They change with events, not with text. */
export function workSpans(run: Run): Span[] {
  const spans = [...run.steps.values()].flatMap((step) => (step.state === 'pending' ? [] : workOf(step)));
  const merged: Span[] = [];
  for (const span of spans.sort((one, other) => one.from - other.from)) {
    const last = merged.at(-1);
    if (!last || (last.to !== undefined && span.from - last.to > LONG)) merged.push({ from: span.from, to: span.to });
    else if (last.to !== undefined) last.to = span.to === undefined ? undefined : Math.max(last.to, span.to);
  }
  return merged;
}

/** `end`: the end of the run, or now while it is running. */
export function scaleOf(start: number, end: number, work: Span[], isLive: boolean): Scale {
  const folded = foldsOf(start, end, work);
  const hidden = folded.reduce((sum, { from, to }) => sum + to - from, 0);
  const seen = Math.max(end - start - hidden, 1);
  const whole = isLive ? roomFor(seen) : seen;
  const perMs = (1 - folded.length * GAP_WIDTH) / whole;

  const at = (time: number): number => {
    let [place, before] = [0, start];
    for (const { from, to } of folded) {
      if (time <= from) break;
      place += (from - before) * perMs + (Math.min(time, to) - from) * (GAP_WIDTH / (to - from));
      before = Math.min(time, to);
    }
    return place + (time - before) * perMs;
  };
  const gaps = folded.map((gap) => ({ ...gap, at: at(gap.from), words: `${duration(gap.to - gap.from)} folded` }));
  return { gaps, at, ticks: ticksOf(start, start + whole + hidden, folded, whole, at) };
}

/** The scale of a live run grows in steps, so that bars do not move all the time. */
function roomFor(ms: number): number {
  const steps = [10, 30, 60, 120, 300, 600, 1800, 3600].map((seconds) => seconds * SECOND);
  return steps.find((step) => ms < step) ?? Math.ceil((ms + 1) / HOUR) * HOUR;
}

/** The stretches that are hidden: a little of each is left at both sides. */
function foldsOf(start: number, end: number, work: Span[]): { from: number; to: number }[] {
  const worked = work.reduce((sum, { from, to }) => sum + (to ?? end) - from, 0);
  const edges = [start, ...work.flatMap(({ from, to }) => [from, to ?? end]), end];
  const folds: { from: number; to: number }[] = [];
  for (let index = 0; index < edges.length; index += 2) {
    const [from, to] = [edges[index]!, edges[index + 1]!];
    const length = to - from;
    if (length <= LONG || length <= (end - start) * FOLDED) continue;
    const rest = Math.min(length / 5, Math.max(worked / 2, 2 * SECOND));
    folds.push({ from: from + rest, to: to - rest });
  }
  return folds;
}

const ROUND = [1, 2, 5, 10, 20, 50, 100, 200, 500, SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 20 * SECOND, 30 * SECOND];
const ROUND_LATER = [1, 2, 5, 10, 20, 30, 60, 120, 360, 720, 1440].map((minutes) => minutes * MINUTE);

function ticksOf(start: number, end: number, folded: { from: number; to: number }[], whole: number, at: (time: number) => number): Tick[] {
  const step = [...ROUND, ...ROUND_LATER].find((round) => whole / round <= MOST_TICKS) ?? whole / MOST_TICKS;
  const ticks: Tick[] = [];
  let from = start;
  for (const { from: gap, to } of [...folded, { from: end, to: end }]) {
    for (let time = start + Math.ceil((from - start) / step) * step; time <= gap; time += step) {
      const words = tickWords(time - start);
      if (ticks.at(-1)?.words !== words) ticks.push({ at: at(time), words });
    }
    from = to;
  }
  return ticks;
}

function tickWords(ms: number): string {
  if (ms > 0 && ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${Number((ms / SECOND).toFixed(2))} s`;
  return duration(ms);
}

/** Whether a step is running: only then the line for now moves. */
export const isWorking = (run: Run): boolean =>
  run.status === 'running' && [...run.steps.values()].some(({ state, body }) => body === 0 && !isSettled(state) && state !== 'pending');
