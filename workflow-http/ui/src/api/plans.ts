// What a run would do, asked before it is started, and two runs compared.
import { json, post } from './client';
import type { Budget, Prediction, Rerun, RunDiff } from './types';

const name = encodeURIComponent;

/** `spec`: a text that is not stored yet. */
export const predictRerun = (run: string, how: Rerun & { spec?: unknown }, signal: AbortSignal) =>
  json<Prediction>(`runs/${name(run)}/plan`, post(how, signal));

export const predictRun = (workflow: string, run: { input: unknown; version?: number; budget?: Budget }, signal: AbortSignal) =>
  json<Prediction>(`workflows/${name(workflow)}/plan`, post(run, signal));

/** `a` is the run before, `b` the one after. */
export const compareRuns = (a: string, b: string, signal: AbortSignal) => json<RunDiff>(`runs/${name(a)}/diff/${name(b)}`, { signal });

/** The value of an expression with what the step at `at` could read. */
export const evaluate = (run: string, at: string, expression: string, signal: AbortSignal) =>
  json<{ value: unknown }>(`runs/${name(run)}/evaluate`, post({ at, expression }, signal));
