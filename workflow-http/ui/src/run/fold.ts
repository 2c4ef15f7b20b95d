// Which containers of a run are folded. Folded steps are not rendered, so long lists stay fast.
import { focusOf, type Run, type Step } from './run';

/** A container with more steps inside starts folded. */
const FEW = 20;

/** Containers that were folded or unfolded, by path. */
export type Folds = ReadonlyMap<string, boolean>;

/** It counts what is to come, where that is known, so that a list does not fold while it is read. */
export const startsFolded = (step: Step): boolean => Math.max(step.inner, step.innerToCome ?? 0) > FEW;

export const isFolded = (folds: Folds, step: Step): boolean => folds.get(step.path) ?? startsFolded(step);

/** The visible paths. The selected step and its containers are always visible. */
export function visibleSteps(run: Run, folds: Folds, chosen: string | undefined): string[] {
  const seen: string[] = [];
  let folded: string | undefined;
  for (const path of run.order) {
    if (folded !== undefined && path.startsWith(folded)) {
      if (path === chosen || chosen?.startsWith(`${path}/`)) seen.push(path);
      continue;
    }
    seen.push(path);
    const step = run.steps.get(path)!;
    folded = step.inner > 0 && isFolded(folds, step) ? `${path}/` : undefined;
  }
  return seen;
}

/** The most relevant step; of steps in a folded container or an agent, the container: steps would flicker, and an agent shows its turns. */
export function focusWithin(run: Run, folds: Folds): string | undefined {
  const focus = focusOf(run);
  const state = focus === undefined ? undefined : run.steps.get(focus)?.state;
  if (focus === undefined || state === 'waiting' || state === 'failed') return focus;
  return run.order.find((path) => focus.startsWith(`${path}/`) && (run.steps.get(path)!.repeats === 'turn' || isFolded(folds, run.steps.get(path)!))) ?? focus;
}
