// The outputs to set in the next run, collected step by step. They belong to the run that is looked at.
import { useSyncExternalStore } from 'react';

type Outputs = ReadonlyMap<string, unknown>;

const NONE: Outputs = new Map();
let current: { run: string; outputs: Outputs } = { run: '', outputs: NONE };
const listeners = new Set<() => void>();

function change(run: string, edit: (outputs: Map<string, unknown>) => void): void {
  const outputs = new Map(outputsOf(run));
  edit(outputs);
  current = { run, outputs };
  for (const listener of listeners) listener();
}

const outputsOf = (run: string | null): Outputs => (current.run === run ? current.outputs : NONE);

/** What is in a step, or what it is in, cannot be set as well. */
export const setOutput = (run: string, path: string, output: unknown): void =>
  change(run, (outputs) => {
    for (const other of outputs.keys()) if (other.startsWith(`${path}/`) || path.startsWith(`${other}/`)) outputs.delete(other);
    outputs.set(path, output);
  });

export const dropOutput = (run: string, path: string): void => change(run, (outputs) => outputs.delete(path));

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** By the path of the step. */
export const useWhatIf = (run: string | null): Outputs => useSyncExternalStore(subscribe, () => outputsOf(run));
