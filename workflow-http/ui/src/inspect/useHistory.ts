// What the server stores of a step beyond its events. It is requested when it is first shown.
import { useEffect, useState } from 'react';
import { asProblem, getStep } from '../api/client';
import type { Problem, StepHistory } from '../api/types';
import type { Step } from '../run/run';

export interface History {
  known?: StepHistory;
  problem?: Problem;
}

/** Asked again when an attempt ends: only then there is more to know. */
export function useHistory(run: string, { path, attempts, state }: Step, isWanted: boolean): History {
  const [history, setHistory] = useState<History>({});
  const ended = attempts.filter(({ endedAt }) => endedAt !== undefined).length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the answer is another one once an attempt or the step ends
  useEffect(() => {
    if (!isWanted) return;
    let isStale = false;
    getStep(run, path).then(
      (known) => !isStale && setHistory({ known }),
      (error: unknown) => !isStale && setHistory({ problem: asProblem(error) }),
    );
    return () => {
      isStale = true;
    };
  }, [run, path, ended, state, isWanted]);
  return history;
}
