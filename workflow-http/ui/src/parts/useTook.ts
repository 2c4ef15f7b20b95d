import { isSettled, tookOf, type Step } from '../run/run';
import { useNow } from './useNow';

/** How long a step took, or has taken so far, in milliseconds. */
export function useTook(step: Step): number | undefined {
  const isGoing = step.startedAt !== undefined && !isSettled(step.state);
  return tookOf(step, useNow(isGoing));
}
