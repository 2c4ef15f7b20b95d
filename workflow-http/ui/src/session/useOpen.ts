// Shows what the address names. Text that was edited is never lost by that, and a note says where it is.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Address } from './address';
import { ApiError, asProblem, getWorkflow } from '../api/client';
import type { Problem, Workflow } from '../api/types';
import { BLANK_WORKFLOW, FIRST_INPUT } from './firstWorkflow';
import { isKnown, type Run } from '../run/run';
import { NEW, type useInput } from './useInput';
import { isSame, type DraftText, type Saved, type Text } from './useText';

/** A note about the text, and what can be done about it. */
export interface Note {
  words: string;
  act?: { word: string; go: () => void };
}

interface Places {
  address: Address;
  go: (to: Address, how?: 'push' | 'replace') => void;
  run: Run | null;
  text: Text;
  input: ReturnType<typeof useInput>;
  /** A new workflow that was left before it was stored. */
  left: DraftText | null;
  onProblem: (problem: Problem | null) => void;
}

/** How long the workflow of the address may take to arrive. Nothing can be run meanwhile. */
const PATIENCE = 15_000;

const keyOf = (saved: Saved | null): string => saved?.id ?? NEW;

/** Whether this is the workflow, in this version if one is named. */
const isThe = (saved: Saved | null, id: string, version: number | undefined): boolean =>
  saved?.id === id && (version === undefined || version === saved.version);

/** Where a text is edited. */
export const addressOf = (saved: Saved | null): Address => (saved ? { at: 'workflow', id: saved.id } : { at: 'new' });

export function useOpen({
  address,
  go,
  run,
  text: { put, restore, begin, currentText },
  input: { putInput, fillInput, swapInput, forgetInput, hasOtherInput, currentInput },
  left: leftBefore,
  onProblem,
}: Places) {
  const [note, setNote] = useState<Note | null>(null);
  /** The workflow of the address is being loaded. */
  const [isOpening, setOpening] = useState(() => address.at === 'workflow' && !isThe(currentText().saved, address.id, address.version));
  /** The run that the text and the input belong to. */
  const filledFor = useRef<string | null>(null);
  const left = useRef(leftBefore);
  const runId = address.at === 'run' ? address.id : null;

  /** Prepares for another workflow: its input replaces the current one. */
  const leaveFor = useCallback(
    (to: string) => {
      const here = currentText();
      if (here.saved === null && here.isTextEdited) left.current = here;
      swapInput(keyOf(here.saved), to);
      // Opening a run again shows its workflow.
      filledFor.current = null;
    },
    [currentText, swapInput],
  );
  const putOther = useCallback(
    (workflow: Workflow) => {
      leaveFor(workflow.id);
      put(workflow);
    },
    [leaveFor, put],
  );

  // A run's first event names its input and its workflow. Only what was edited stays.
  const opened = isKnown(run) && run.id === runId ? run : null;
  const hasOpened = opened !== null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first event says it all: later ones are no reason to ask again
  useEffect(() => {
    if (!opened || filledFor.current === opened.id) return;
    filledFor.current = opened.id;
    const { id, input, workflowId, version } = opened;
    onProblem(null);
    setNote(null);
    const here = currentText();
    const isOther = workflowId !== undefined && workflowId !== here.saved?.id;
    // The current input belongs to the text, so both stay.
    const isEditedOther = isOther && here.isTextEdited;
    if (isOther && !isEditedOther) swapInput(keyOf(here.saved), workflowId);
    const isInputKept = isEditedOther || hasOtherInput(input);
    if (!isInputKept) putInput(input);
    const isStill = () => filledFor.current === id;
    const workflow = workflowId === undefined ? Promise.resolve(null) : getWorkflow(workflowId, version).catch(nullIfMissing);
    workflow.then(
      (workflow) => {
        if (!isStill()) return;
        const show = () => {
          // The input came with the run, so it belongs to its workflow.
          if (workflow && isEditedOther) putOther(workflow);
          else if (workflow) put(workflow);
          putInput(input);
          filledFor.current = id;
          setNote(null);
        };
        const isTextKept = workflow !== null && currentText().isTextEdited && !isSame(currentText().text, workflow.spec);
        if (workflow && !isTextKept) {
          if (isEditedOther) return show();
          put(workflow);
        }
        if (isTextKept || (isInputKept && !isEditedOther)) {
          const what = [isTextKept && 'text', isInputKept && 'input'].filter(Boolean).join(' and ');
          setNote({ words: `Your edits are kept. This run was started with another ${what}.`, act: { word: `Show the run's ${what}`, go: show } });
        } else if (!workflow) {
          setNote({ words: 'The workflow of this run was deleted. The text shown is of another workflow.' });
        }
      },
      (error: unknown) => isStill() && onProblem(asProblem(error)),
    );
    // The first event says it all: later ones are no reason to ask again.
  }, [runId, hasOpened, put, putOther, putInput, swapInput, hasOtherInput, currentText, onProblem]);

  /** Notes that unsaved text is replaced, and how to restore it. */
  const putAside = useCallback(() => {
    const before = currentText();
    const { input, isInputEdited } = currentInput();
    const bringBack = () => {
      leaveFor(keyOf(before.saved));
      if (left.current === before) left.current = null;
      restore(before);
      fillInput(input, isInputEdited);
      go(addressOf(before.saved));
      setNote(null);
    };
    setNote(before.isTextEdited ? { words: 'Your unsaved text was put aside.', act: { word: 'Restore it', go: bringBack } } : null);
  }, [currentText, currentInput, leaveFor, restore, fillInput, go]);

  /** A new workflow, beginning with this text. */
  const beginNew = useCallback(
    (text?: string) => {
      putAside();
      swapInput(keyOf(currentText().saved), NEW);
      left.current = null;
      forgetInput(NEW);
      filledFor.current = null;
      if (text === undefined) begin(BLANK_WORKFLOW);
      else restore({ text, saved: null, isTextEdited: true });
      putInput(text === undefined ? FIRST_INPUT : '');
    },
    [putAside, swapInput, forgetInput, currentText, begin, restore, putInput],
  );

  const workflowId = address.at === 'workflow' ? address.id : undefined;
  const version = address.at === 'workflow' ? address.version : undefined;
  useEffect(() => {
    const isAwaited = workflowId !== undefined && !isThe(currentText().saved, workflowId, version);
    setOpening(isAwaited);
    if (!isAwaited) return;
    const left = new AbortController();
    getWorkflow(workflowId, version, AbortSignal.any([left.signal, AbortSignal.timeout(PATIENCE)])).then(
      (workflow) => {
        if (left.signal.aborted) return;
        setOpening(false);
        onProblem(null);
        putAside();
        putOther(workflow);
      },
      (error: unknown) => {
        if (left.signal.aborted) return;
        setOpening(false);
        onProblem(asProblem(error));
      },
    );
    return () => left.abort();
  }, [workflowId, version, currentText, putOther, putAside, onProblem]);

  // `#/new` never has a stored workflow: saving would replace it.
  const isNew = address.at === 'new';
  useEffect(() => {
    const { saved } = currentText();
    if (!isNew || saved === null) return;
    onProblem(null);
    const before = left.current;
    if (!before) return beginNew();
    putAside();
    left.current = null;
    swapInput(saved.id, NEW);
    filledFor.current = null;
    restore(before);
  }, [isNew, currentText, beginNew, putAside, swapInput, restore, onProblem]);

  const leftNow = useCallback(() => left.current, []);
  return { note, setNote, putAside, putOther, beginNew, leftNow, filledFor, hasOpened, isOpening };
}

export function nullIfMissing(error: unknown): null {
  if (error instanceof ApiError && error.status === 404) return null;
  throw error;
}
