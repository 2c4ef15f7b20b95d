import { Suspense, useCallback, useMemo, useRef, type ReactNode } from 'react';
import { Editor } from '../editor/Editor';
import type { ReadValue } from '../editor/runValues';
import type { StepMark } from '../editor/marks';
import { writtenAt, type Check } from '../editor/useCheck';
import { runOf, useActions, useChoiceActions, useEditor, useSession, useSessionNow } from '../session/session';
import { isKnown, shownState, writtenOf, type Run } from '../run/run';

/** `tools`: above the text, where there is no other place for them. */
export function EditorPane({ tools }: { tools: ReactNode }) {
  const source = useSession(({ text }) => text.source);
  const check = useSession(({ text }) => text.check);
  const run = useSession(runOf);
  const chosen = useSession(({ choice }) => choice.chosen);
  const { setText } = useActions();
  const { choose } = useChoiceActions();
  const editor = useEditor();
  const all = useMemo(() => [...check.faults, ...check.warnings], [check.faults, check.warnings]);
  const steps = useMarks(check, run, chosen);
  return (
    <section aria-label="Workflow" data-part="json" className="part">
      {tools && (
        <div className="flex h-10 flex-none items-center gap-2 border-b border-line px-2">
          <Suspense fallback={null}>{tools}</Suspense>
        </div>
      )}
      <Editor ref={editor} source={source} faults={all} steps={steps} values={useValues()} onText={setText} onChoose={choose} />
    </section>
  );
}

/** What expressions gave in the run on the page; the same function for the same run. */
function useValues(): ReadValue | undefined {
  const session = useSessionNow();
  const hasRun = useSession(({ view, text }) => isKnown(view.run) && view.run.workflowId === text.saved?.id);
  const read = useCallback<ReadValue>(
    async (written, expression) => {
      const { view, choice } = session();
      if (!view.run) return undefined;
      const { readValue } = await import('../paneChunk');
      return readValue(view.run, choice.chosen, written, expression);
    },
    [session],
  );
  return hasRun ? read : undefined;
}

/** New marks only when a state or the choice changes: tokens must not reach the editor. */
function useMarks(check: Check, run: Run | null, chosen: string | undefined): StepMark[] {
  const previous = useRef<{ key: string; outline: Check['outline']; marks: StepMark[] } | null>(null);
  const marked = chosen !== undefined ? writtenAt(check.outline, writtenOf(run, chosen)) : undefined;
  const stateOf = (path: string) => {
    const step = run?.steps.get(path);
    return step && shownState(step);
  };
  const key = [...check.outline.map(({ path }) => `${path}:${stateOf(path) ?? ''}`), marked].join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` holds what `stateOf` gives.
  return useMemo(() => {
    if (previous.current?.key === key && previous.current.outline === check.outline) return previous.current.marks;
    const marks = check.outline.map(({ path, span }) => {
      const state = stateOf(path);
      return { id: path, from: span.from, to: span.to, isChosen: path === marked, ...(state ? { state } : {}) };
    });
    previous.current = { key, outline: check.outline, marks };
    return marks;
  }, [key, check.outline, marked]);
}
