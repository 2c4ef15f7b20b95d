// What a run would do, asked before it is started, and two runs compared.
import { json, post } from './client';
import type { Prediction, Rerun } from './planned';

const name = encodeURIComponent;

/** `spec`: a text that is not stored yet. */
export const predictRerun = (run: string, how: Rerun & { spec?: unknown }, signal: AbortSignal) =>
  json<Prediction>(`runs/${name(run)}/plan`, post(how, signal));

export const predictRun = (workflow: string, run: { input: unknown; version?: number }, signal: AbortSignal) =>
  json<Prediction>(`workflows/${name(workflow)}/plan`, post(run, signal));
