// What the page is doing: the workflow text, the input, and the run that the address names.
import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, asProblem, cancelRun, createWorkflow, getWorkflow, startRun } from './api/client';
import type { Problem } from './api/types';
import type { Source } from './editor/Editor';
import { useCheck, type Check } from './editor/useCheck';
import { FIRST_INPUT, FIRST_WORKFLOW } from './first';
import { hasEnded, isKnown } from './run/run';
import { useRun, type RunView } from './run/useRun';
import { asText } from './words';

export interface Input {
  text: string;
  /** Sent as the string it is, although it would be JSON. */
  isText: boolean;
}

/** A workflow as the server keeps it, with the text it was made from. */
interface Saved {
  id: string;
  version: number;
  text: string;
}

export interface Session extends RunView {
  runId: string | null;
  source: Source;
  text: string;
  setText: (text: string) => void;
  check: Check;
  name: string;
  /** The version the text is saved as, if it is. */
  version: number | undefined;
  input: Input;
  setInput: (input: Input) => void;
  /** What the server said against the last thing asked of it. */
  refusal: Problem | null;
  /** Something worth knowing about the text beside this run. */
  note: string | null;
  isStarting: boolean;
  isCancelling: boolean;
  canRun: boolean;
  canCancel: boolean;
  start: () => void;
  cancel: () => void;
}

const runIdOf = (hash: string): string | null => {
  const id = /^#\/runs\/([^/]+)$/.exec(hash)?.[1];
  return id ? decodeURIComponent(id) : null;
};

/** The JSON an input would be, if it is an object or a list. */
export function jsonOf(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}


export function useSession(): Session {
  const [source, setSource] = useState<Source>({ text: asText(FIRST_WORKFLOW) });
  const [text, setText] = useState(source.text);
  const [input, setInput] = useState<Input>({ text: FIRST_INPUT, isText: false });
  const [saved, setSaved] = useState<Saved | null>(null);
  const [refusal, setRefusal] = useState<Problem | null>(null);
  const [note, setNote] = useState<string | null>(null);
  const [isStarting, setStarting] = useState(false);
  const [cancelled, setCancelled] = useState<string | null>(null);
  const [runId, setRunId] = useState(() => runIdOf(location.hash));
  const filledFor = useRef<string | null>(null);

  const check = useCheck(text);
  const view = useRun(runId);
  const { run } = view;

  useEffect(() => {
    const follow = () => setRunId(runIdOf(location.hash));
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);

  const put = useCallback((spec: unknown, id: string, version: number) => {
    const next = asText(spec);
    setSource({ text: next });
    setText(next);
    setSaved({ id, version, text: next });
  }, []);

  // A run that was opened by its address brings its input and its text along: its first event names both.
  const opened = isKnown(run) && run.id === runId ? run : null;
  const hasOpened = opened !== null;
  useEffect(() => {
    if (!opened || filledFor.current === opened.id) return;
    filledFor.current = opened.id;
    const { id, input, workflowId, version } = opened;
    setRefusal(null);
    setNote(null);
    setInput({ text: asText(input), isText: typeof input === 'string' });
    const isStill = () => filledFor.current === id;
    const workflow = workflowId === undefined ? Promise.resolve(null) : getWorkflow(workflowId, version).catch(nullIfMissing);
    workflow.then(
      (workflow) => {
        if (!isStill()) return;
        if (workflow) put(workflow.spec, workflow.id, workflow.version);
        else setNote('The workflow of this run is deleted. The run is shown as it was; the text is another one.');
      },
      (error: unknown) => isStill() && setRefusal(asProblem(error)),
    );
    // The first event says it all: later ones are no reason to ask again.
  }, [runId, hasOpened, put]);

  const isGoing = run !== null && !hasEnded(run) && view.problem === null;
  const canRun = !isGoing && !isStarting && check.faults.length === 0;
  const canCancel = isGoing && runId !== null && cancelled !== runId;

  const start = async () => {
    if (!canRun) return;
    setStarting(true);
    setRefusal(null);
    setNote(null);
    try {
      const parsed = input.isText ? undefined : jsonOf(input.text);
      const value = parsed === undefined ? input.text : parsed;
      const save = async () => {
        const workflow = await createWorkflow(check.spec);
        const { id, version } = workflow;
        setSaved({ id, version, text });
        return { id, version };
      };
      const kept = saved?.text === text ? saved : undefined;
      const begun = await startRun(kept ?? (await save()), value).catch(async (error: unknown) => {
        // The saved workflow may have been deleted meanwhile.
        if (kept && error instanceof ApiError && error.status === 404) return startRun(await save(), value);
        throw error;
      });
      filledFor.current = begun.id;
      location.hash = `#/runs/${encodeURIComponent(begun.id)}`;
    } catch (error) {
      setRefusal(asProblem(error));
    } finally {
      setStarting(false);
    }
  };

  const cancel = async () => {
    if (!canCancel) return;
    setCancelled(runId);
    try {
      await cancelRun(runId);
    } catch (error) {
      setCancelled(null);
      setRefusal(asProblem(error));
    }
  };

  return {
    ...view,
    runId,
    source,
    text,
    setText,
    check,
    name: nameOf(check.spec),
    version: saved?.text === text ? saved.version : undefined,
    input,
    setInput,
    refusal,
    note,
    isStarting,
    isCancelling: isGoing && cancelled === runId,
    canRun,
    canCancel,
    start: () => void start(),
    cancel: () => void cancel(),
  };
}

function nameOf(spec: unknown): string {
  const name = spec !== null && typeof spec === 'object' && 'name' in spec ? spec.name : undefined;
  return typeof name === 'string' && name ? name : 'Untitled';
}

function nullIfMissing(error: unknown): null {
  if (error instanceof ApiError && error.status === 404) return null;
  throw error;
}
