// Sends an answer to a wait, and says what became of it.
import { useState } from 'react';
import { answerWait, asProblem } from '../api/client';
import { nudge } from '../api/presence';
import type { Fault, Problem } from '../api/types';
import { writeAnswer } from '../form/answerDrafts';
import type { Wait } from '../run/run';

export interface Sending {
  state: 'open' | 'sending' | 'sent';
  /** Why the answer was not taken, where no place in it is at fault. */
  refusal: string | null;
  faults: Fault[];
  setFaults: (faults: Fault[]) => void;
  send: (answer: unknown) => Promise<void>;
}

/** The name of the draft of an answer. */
export const draftOf = (runId: string, { id }: Wait): string => `${runId} ${id}`;

/** `onTooLate`: the answer came too late, or was not the first. The form may be removed by then. */
export function useAnswer(runId: string, wait: Wait, onTooLate: (words: string) => void): Sending {
  const [faults, setFaults] = useState<Fault[]>([]);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [state, setState] = useState<Sending['state']>('open');
  const send = async (answer: unknown) => {
    setRefusal(null);
    setFaults([]);
    setState('sending');
    try {
      await answerWait(runId, wait.id, answer);
      nudge();
      writeAnswer(draftOf(runId, wait), undefined);
      setState('sent');
    } catch (error) {
      setState('open');
      const problem = asProblem(error);
      if (problem.status === 422 && problem.errors?.length) setFaults(problem.errors);
      else if (isTooLate(problem)) onTooLate(lateWords(problem));
      else setRefusal(problem.detail);
    }
  };
  return { state, refusal, faults, setFaults, send };
}

const isTooLate = ({ status }: Problem): boolean => status === 404 || status === 409 || status === 410;

function lateWords({ status, code, detail }: Problem): string {
  if (code === 'wait_answered') return 'Another answer came first. Yours was not used.';
  if (code === 'wait_ended') return 'The run, item or branch of this step has ended. Your answer was not used.';
  return status === 410 ? 'The time to answer is over. Your answer was not used.' : detail;
}
