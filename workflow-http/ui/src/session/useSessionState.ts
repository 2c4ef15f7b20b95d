// Computes the session: text, input, and the run or workflow that the address names.
import { useEffect, useRef, useState } from 'react';
import { ApiError, asProblem, cancelRun, createWorkflow, getWorkflow, retryRun, startRun } from '../api/client';
import { nudge } from '../api/presence';
import type { Problem, Rerun, Workflow } from '../api/types';
import { readDraft, writeDraft } from './draft';
import { FIRST_INPUT } from './firstWorkflow';
import { toast } from '../parts/Toast';
import { hasEnded, type Run } from '../run/run';
import { useRun } from '../run/useRun';
import { useAddress } from './useAddress';
import { findStored } from '../api/stored';
import { budgetField, budgetProblem, moveBudget, writtenBudget } from './runBudget';
import { inputValue, jsonFaultOf, kindOf, NEW, useInput } from './useInput';
import { addressOf, nullIfMissing, useOpen } from './useOpen';
import type { Actions, Session } from './session';
import { useText } from './useText';

export type SessionState = Omit<Session, 'choice'> & { actions: Actions };

export function useSessionState(): SessionState {
  const [draft] = useState(readDraft);
  const [address, go] = useAddress();
  const text = useText(draft);
  const input = useInput(draft?.input ?? { text: FIRST_INPUT }, draft?.isInputEdited ?? false, draft?.inputs ?? []);
  const [refusal, setRefusal] = useState<Problem | null>(null);
  const [theirs, setTheirs] = useState<Workflow | null>(null);
  const [isStarting, setStarting] = useState(false);
  const [cancelled, setCancelled] = useState<string | null>(null);
  const followed = useRef(draft?.runId ?? null);
  /** The run that is being started. It can be cancelled before it has an id. */
  const coming = useRef<{ id?: string; isUnwanted: boolean }>({ isUnwanted: false });

  const runId = address.at === 'run' ? address.id : null;
  const view = useRun(runId);
  const { run } = view;
  const { note, setNote, putAside, putOther, beginNew, leftNow, filledFor, hasOpened, isOpening } = useOpen({
    address,
    go,
    run,
    text,
    input,
    left: draft?.left ?? null,
    onProblem: setRefusal,
  });
  const { saved, check, forget } = text;
  const isSaved = saved?.text === text.text;
  const isNew = address.at === 'new';

  useEffect(() => {
    if (hasOpened || runId === null) followed.current = runId;
    const { isInputEdited, input: written, otherInputs } = input;
    writeDraft({
      text: text.text,
      input: written,
      isTextEdited: text.isTextEdited,
      isInputEdited,
      saved,
      runId: followed.current,
      inputs: otherInputs(),
      left: leftNow(),
    });
  }, [runId, hasOpened, text.text, text.isTextEdited, saved, input, leftNow]);
  // A server that lost the run lost the workflow, too.
  const isForgotten = view.problem?.status === 404 && followed.current === runId;
  useEffect(() => {
    if (isForgotten) forget();
  }, [isForgotten, forget]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is stored now is no conflict
  useEffect(() => setTheirs(null), [saved]);

  const isGoing = runId !== null && view.problem === null && (run?.id !== runId || !hasEnded(run));
  const isSound = !isOpening && check.spec !== undefined && check.faults.length === 0;
  const canRun = !isGoing && !isStarting && isSound;
  const canCancel = isGoing && cancelled !== runId;
  const isOwn = run?.workflowId !== undefined && run.workflowId === saved?.id && isSound;
  const canContinue = run !== null && run.id === runId && !isGoing && !isStarting && (isOwn || run.workflowId !== saved?.id);
  const canSave = !isSaved && isSound;

  /** Sends a request, and shows the error if it fails. */
  const ask = async (work: () => Promise<void>) => {
    setRefusal(null);
    setNote(null);
    try {
      await work();
    } catch (error) {
      const isOlder = error instanceof ApiError && error.status === 412 && saved !== null;
      if (isOlder) setTheirs(await getWorkflow(saved.id, undefined).catch(nullIfMissing));
      else setRefusal(asProblem(error));
    }
  };

  const stop = (id: string) => {
    setCancelled(id);
    cancelRun(id).then(nudge, (error: unknown) => {
      setCancelled(null);
      setRefusal(asProblem(error));
    });
  };
  const enter = (id: string) => {
    coming.current.id = id;
    if (coming.current.isUnwanted) stop(id);
    filledFor.current = id;
    go({ at: 'run', id });
  };
  const begin = async (workflow: Pick<Workflow, 'id' | 'version'>, input: unknown) => {
    const { id } = await startRun(workflow, { input, ...budgetField(writtenBudget(workflow.id)) });
    enter(id);
  };
  const save = async (...how: Parameters<typeof text.save>) => {
    const stored = await text.save(...how);
    moveBudget(saved?.id ?? NEW, stored.id);
    return stored;
  };
  const rerun = async (of: Run, how: Rerun) => {
    const workflow = saved !== null && saved.id === of.workflowId ? saved.id : undefined;
    const fault = workflow === undefined ? undefined : budgetProblem(workflow);
    if (fault) return setRefusal(fault);
    const limit = workflow === undefined ? {} : budgetField(writtenBudget(workflow));
    const mended = isOwn ? await save() : undefined;
    const { id } = await retryRun(of.id, { ...limit, ...how, ...(mended?.id === of.workflowId ? { version: mended?.version } : {}) });
    if (how.input !== undefined) input.inputIsSafe();
    enter(id);
  };
  const start = async () => {
    const fault = kindOf(input.input) === 'json' ? jsonFaultOf(input.input) : undefined;
    if (fault !== undefined) return setRefusal({ code: 'invalid_json', detail: fault, errors: [{ code: 'invalid_json', pointer: '#/input', detail: fault }] });
    const limitFault = budgetProblem(saved?.id ?? NEW);
    if (limitFault) return setRefusal(limitFault);
    const value = inputValue(input.input);
    const stored = await save(isNew ? 'new' : undefined);
    // Going back from the run leads to the stored workflow.
    if (isNew) go(addressOf(stored), 'replace');
    await begin(stored, value).catch(async (error: unknown) => {
      if (!isSaved || !(error instanceof ApiError) || error.status !== 404) throw error;
      // The stored workflow was deleted, or lost in a restart of the server.
      await begin(await save('new'), value);
    });
    input.inputIsSafe();
  };
  const starting = (work: () => Promise<void>) => {
    coming.current = { isUnwanted: false };
    setStarting(true);
    void ask(work).finally(() => setStarting(false));
  };

  const { source, setText, name, isTextEdited } = text;
  return {
    address,
    runId,
    view,
    text: { source, text: text.text, check, name, saved, isEdited: isTextEdited },
    input: { value: input.input, turn: input.turn },
    messages: { refusal, note, theirs, isForgotten },
    phase: {
      isOpening,
      isStarting,
      isCancelling: isGoing && cancelled === runId,
      isGoing,
      canRun,
      canCancel,
      canSave,
      isMended: isOwn && !isSaved,
      canContinue,
    },
    actions: {
      go,
      setText,
      setInput: input.setInput,
      fillInput: input.fillInput,
      rerun: (how) => {
        if (run && !isGoing && !isStarting) starting(() => rerun(run, how));
      },
      start: () => {
        if (canRun) starting(start);
      },
      cancel: () => {
        if (canCancel) stop(runId);
        else if (isStarting) {
          coming.current.isUnwanted = true;
          if (coming.current.id !== undefined) stop(coming.current.id);
        }
      },
      save: () => {
        if (!canSave) return;
        void ask(async () => {
          const { id, version } = await save(isNew ? 'new' : theirs?.version);
          toast(`Saved as version ${version}.`);
          if (isNew || address.at === 'workflow') go({ at: 'workflow', id }, 'replace');
        });
      },
      takeTheirs: () => {
        if (theirs) text.put(theirs);
      },
      begin: () => {
        beginNew();
        go({ at: 'new' });
      },
      take: (taken) => {
        beginNew(taken);
        go({ at: 'new' });
      },
      tryOut: (spec, value) =>
        starting(async () => {
          const workflow = (await findStored(spec)) ?? (await createWorkflow(spec));
          putAside();
          putOther(workflow);
          input.putInput(value);
          await begin(workflow, value);
        }),
    },
  };
}
