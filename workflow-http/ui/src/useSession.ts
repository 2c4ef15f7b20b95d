// What the page is doing: the workflow text, the input, and the run that the address names.
import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, asProblem, cancelRun, createWorkflow, getWorkflow, startRun } from './api/client';
import type { Problem, Workflow } from './api/types';
import type { Source } from './editor/Editor';
import { readDraft, writeDraft } from './draft';
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
  /** Something worth knowing about the text beside this run, and what can be done about it. */
  note: Note | null;
  /** Only this page has the text. */
  isTextEdited: boolean;
  /** The run was followed here, and the server knows it no longer. */
  isForgotten: boolean;
  isStarting: boolean;
  isCancelling: boolean;
  canRun: boolean;
  canCancel: boolean;
  start: () => void;
  cancel: () => void;
}

export interface Note {
  words: string;
  act?: { word: string; go: () => void };
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
  const [draft] = useState(readDraft);
  const [source, setSource] = useState<Source>({ text: draft?.text ?? asText(FIRST_WORKFLOW) });
  const [text, setText] = useState(source.text);
  const [input, setInput] = useState<Input>(draft?.input ?? { text: FIRST_INPUT, isText: false });
  // What may be replaced without asking, because it is kept elsewhere or nobody wrote it.
  const [safeText, setSafeText] = useState(draft?.isTextEdited ? null : text);
  const [safeInput, setSafeInput] = useState(draft?.isInputEdited ? null : input.text);
  const [saved, setSaved] = useState<Saved | null>(null);
  const [refusal, setRefusal] = useState<Problem | null>(null);
  const [note, setNote] = useState<Note | null>(null);
  const [isStarting, setStarting] = useState(false);
  const [cancelled, setCancelled] = useState<string | null>(null);
  const [runId, setRunId] = useState(() => runIdOf(location.hash));
  const filledFor = useRef<string | null>(null);
  const followed = useRef(draft?.runId ?? null);

  const check = useCheck(text);
  const view = useRun(runId);
  const { run } = view;

  useEffect(() => {
    const follow = () => {
      setNote(null);
      setRunId(runIdOf(location.hash));
    };
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);

  const isTextEdited = text !== safeText;
  const isInputEdited = input.text !== safeInput;
  const latest = useRef({ text, input, isTextEdited, isInputEdited });
  useEffect(() => {
    latest.current = { text, input, isTextEdited, isInputEdited };
  });

  const put = useCallback(({ spec, id, version }: Workflow) => {
    // Text that says the same stays as it was written.
    const next = isSame(latest.current.text, spec) ? latest.current.text : asText(spec);
    setSource({ text: next });
    setText(next);
    setSafeText(next);
    setSaved({ id, version, text: next });
  }, []);
  const putInput = useCallback((value: unknown) => {
    const next = asText(value);
    setInput({ text: next, isText: typeof value === 'string' });
    setSafeInput(next);
  }, []);

  // A run that was opened by its address brings its input and its text along: its first event names both.
  // Only what was edited stays, and it is said.
  const opened = isKnown(run) && run.id === runId ? run : null;
  const hasOpened = opened !== null;
  useEffect(() => {
    if (!opened || filledFor.current === opened.id) return;
    filledFor.current = opened.id;
    const { id, input, workflowId, version } = opened;
    setRefusal(null);
    setNote(null);
    const keepsInput = latest.current.isInputEdited && latest.current.input.text !== asText(input);
    if (!keepsInput) putInput(input);
    const isStill = () => filledFor.current === id;
    const workflow = workflowId === undefined ? Promise.resolve(null) : getWorkflow(workflowId, version).catch(nullIfMissing);
    workflow.then(
      (workflow) => {
        if (!isStill()) return;
        const keepsText = workflow !== null && latest.current.isTextEdited && !isSame(latest.current.text, workflow.spec);
        if (workflow && !keepsText) put(workflow);
        if (keepsText || keepsInput) {
          const kept = [keepsText && 'text', keepsInput && 'input'].filter(Boolean).join(' and ');
          setNote({
            words: `What you edited is kept: this run was started with another ${kept}.`,
            act: {
              word: `Show the run's ${kept}`,
              go: () => {
                if (workflow) put(workflow);
                putInput(input);
                setNote(null);
              },
            },
          });
        } else if (!workflow) {
          setNote({ words: 'The workflow of this run is deleted. The run is shown as it was; the text is another one.' });
        }
      },
      (error: unknown) => isStill() && setRefusal(asProblem(error)),
    );
    // The first event says it all: later ones are no reason to ask again.
  }, [runId, hasOpened, put, putInput]);

  // A server that forgot the run forgot the workflow with it.
  useEffect(() => {
    if (hasOpened) followed.current = runId;
    writeDraft({ text, input, isTextEdited, isInputEdited, runId: followed.current });
  }, [runId, hasOpened, text, input, isTextEdited, isInputEdited]);
  const isForgotten = view.problem?.status === 404 && followed.current === runId;
  useEffect(() => {
    if (!isForgotten) return;
    setSaved(null);
    setSafeText(null);
  }, [isForgotten]);

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
        setSafeText(text);
        return { id, version };
      };
      const kept = saved?.text === text ? saved : undefined;
      const begun = await startRun(kept ?? (await save()), value).catch(async (error: unknown) => {
        if (!kept || !(error instanceof ApiError) || error.status !== 404) throw error;
        // The saved workflow was deleted meanwhile, or the server has forgotten it in a restart.
        setSaved(null);
        setSafeText(null);
        return startRun(await save(), value);
      });
      setSafeInput(input.text);
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
    isTextEdited,
    isForgotten,
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

/** Whether a text is this JSON, however it is laid out. */
function isSame(text: string, spec: unknown): boolean {
  try {
    return asText(JSON.parse(text)) === asText(spec);
  } catch {
    return false;
  }
}
