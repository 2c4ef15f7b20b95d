// Brings what the address names onto the page. What somebody wrote is never lost by that, and it is said.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Address } from './address';
import { ApiError, asProblem, getWorkflow } from './api/client';
import type { Problem } from './api/types';
import { isKnown, type Run } from './run/run';
import type { useInput } from './useInput';
import { isSame, type Text } from './useText';

/** Something worth knowing about the text, and what can be done about it. */
export interface Note {
  words: string;
  act?: { word: string; go: () => void };
}

interface Places {
  address: Address;
  run: Run | null;
  text: Text;
  input: ReturnType<typeof useInput>;
  onProblem: (problem: Problem | null) => void;
}

export function useOpen({ address, run, text: { put, restore, kept }, input: { putInput, keepsInput }, onProblem }: Places) {
  const [note, setNote] = useState<Note | null>(null);
  /** The run that the text and the input belong to. */
  const filledFor = useRef<string | null>(null);
  const runId = address.at === 'run' ? address.id : null;

  // A run's first event names its input and its workflow. Only what was edited stays.
  const opened = isKnown(run) && run.id === runId ? run : null;
  const hasOpened = opened !== null;
  useEffect(() => {
    if (!opened || filledFor.current === opened.id) return;
    filledFor.current = opened.id;
    const { id, input, workflowId, version } = opened;
    onProblem(null);
    setNote(null);
    const isInputKept = keepsInput(input);
    if (!isInputKept) putInput(input);
    const isStill = () => filledFor.current === id;
    const workflow = workflowId === undefined ? Promise.resolve(null) : getWorkflow(workflowId, version).catch(nullIfMissing);
    workflow.then(
      (workflow) => {
        if (!isStill()) return;
        const isTextKept = workflow !== null && kept().isTextEdited && !isSame(kept().text, workflow.spec);
        if (workflow && !isTextKept) put(workflow);
        if (isTextKept || isInputKept) {
          const what = [isTextKept && 'text', isInputKept && 'input'].filter(Boolean).join(' and ');
          const go = () => {
            if (workflow) put(workflow);
            putInput(input);
            setNote(null);
          };
          setNote({ words: `What you edited is kept: this run was started with another ${what}.`, act: { word: `Show the run's ${what}`, go } });
        } else if (!workflow) {
          setNote({ words: 'The workflow of this run is deleted. The run is shown as it was; the text is another one.' });
        }
      },
      (error: unknown) => isStill() && onProblem(asProblem(error)),
    );
    // The first event says it all: later ones are no reason to ask again.
  }, [runId, hasOpened, put, putInput, keepsInput, kept, onProblem]);

  /** Before the text is replaced by one that was asked for. */
  const putAside = useCallback(() => {
    const before = kept();
    const go = () => {
      restore(before);
      setNote(null);
    };
    setNote(before.isTextEdited ? { words: 'What you had written was not saved. It is put aside.', act: { word: 'Bring it back', go } } : null);
  }, [kept, restore]);

  const workflowId = address.at === 'workflow' ? address.id : undefined;
  const version = address.at === 'workflow' ? address.version : undefined;
  useEffect(() => {
    const here = kept().saved;
    if (workflowId === undefined || (here?.id === workflowId && (version === undefined || version === here.version))) return;
    let isStale = false;
    getWorkflow(workflowId, version).then(
      (workflow) => {
        if (isStale) return;
        onProblem(null);
        putAside();
        put(workflow);
      },
      (error: unknown) => !isStale && onProblem(asProblem(error)),
    );
    return () => {
      isStale = true;
    };
  }, [workflowId, version, kept, put, putAside, onProblem]);

  return { note, setNote, putAside, filledFor, hasOpened };
}

export function nullIfMissing(error: unknown): null {
  if (error instanceof ApiError && error.status === 404) return null;
  throw error;
}
