// The workflow text, and the stored workflow that it is a version of.
import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, createWorkflow, saveWorkflow } from '../api/client';
import type { Workflow } from '../api/types';
import type { Source } from '../editor/Editor';
import { layOut } from '../editor/layOut';
import { useCheck, type Check } from '../editor/useCheck';
import { FIRST_WORKFLOW } from './firstWorkflow';

/** A stored workflow, and the text it was stored from. */
export interface Saved {
  id: string;
  version: number;
  text: string;
}

export interface Text {
  source: Source;
  text: string;
  setText: (text: string) => void;
  check: Check;
  name: string;
  saved: Saved | null;
  /** The text has unsaved changes. */
  isTextEdited: boolean;
  /** Shows a stored workflow. */
  put: (workflow: Workflow) => void;
  /** Shows an earlier text again. */
  restore: (kept: DraftText) => void;
  /** Shows the text of a new workflow. */
  begin: (spec: unknown) => void;
  /** Stores the text: as the version after `over`, which is the one it was made from, or as a new workflow. */
  save: (over?: number | 'new') => Promise<Saved>;
  /** The server no longer has the workflow. */
  forget: () => void;
  currentText: () => DraftText;
}

export interface DraftText {
  text: string;
  saved: Saved | null;
  isTextEdited: boolean;
}

export function useText(draft: DraftText | null): Text {
  const [source, setSource] = useState<Source>({ text: draft?.text ?? layOut(FIRST_WORKFLOW) });
  const [text, setText] = useState(source.text);
  // What may be replaced without asking, because it is stored elsewhere or was not typed.
  const [safeText, setSafeText] = useState(draft?.isTextEdited ? null : text);
  const [saved, setSaved] = useState<Saved | null>(draft?.saved ?? null);
  const check = useCheck(text);
  const isTextEdited = text !== safeText;
  const latest = useRef({ text, saved, isTextEdited });
  useEffect(() => {
    latest.current = { text, saved, isTextEdited };
  });

  const set = useCallback((next: string, isSafe: boolean, saved: Saved | null) => {
    setSource({ text: next });
    setText(next);
    setSafeText(isSafe ? next : null);
    setSaved(saved);
  }, []);
  const put = useCallback(
    ({ spec, id, version }: Workflow) => {
      // An equal text keeps its formatting.
      const next = isSame(latest.current.text, spec) ? latest.current.text : layOut(spec);
      set(next, true, { id, version, text: next });
    },
    [set],
  );
  const restore = useCallback(({ text, saved, isTextEdited }: DraftText) => set(text, !isTextEdited, saved), [set]);
  const begin = useCallback((spec: unknown) => set(layOut(spec), true, null), [set]);
  const forget = useCallback(() => {
    setSaved(null);
    setSafeText(null);
  }, []);
  const currentText = useCallback(() => latest.current, []);

  const save = async (over: number | 'new' = saved?.version ?? 'new'): Promise<Saved> => {
    if (saved?.text === text && over === saved.version) return saved;
    const isVersion = saved !== null && over !== 'new';
    const stored = isVersion ? await saveWorkflow(saved.id, over, check.spec).catch(newIfMissing) : await createWorkflow(check.spec);
    const next = { id: stored.id, version: stored.version, text };
    setSaved(next);
    setSafeText(text);
    return next;
  };
  // It was deleted, or lost in a restart of the server.
  const newIfMissing = (error: unknown): Promise<Workflow> => {
    if (error instanceof ApiError && error.status === 404) return createWorkflow(check.spec);
    throw error;
  };

  return { source, text, setText, check, name: nameOf(check.spec), saved, isTextEdited, put, restore, begin, save, forget, currentText };
}

function nameOf(spec: unknown): string {
  const name = spec !== null && typeof spec === 'object' && 'name' in spec ? spec.name : undefined;
  return typeof name === 'string' && name ? name : 'Untitled';
}

/** Whether a text is this JSON, however it is laid out. */
export function isSame(text: string, spec: unknown): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(spec);
  } catch {
    return false;
  }
}
