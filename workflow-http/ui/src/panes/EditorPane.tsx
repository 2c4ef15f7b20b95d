import { useMemo, useRef, type RefObject } from 'react';
import { Editor, type EditorRef } from '../editor/Editor';
import type { StepMark } from '../editor/marks';
import { writtenAt, type Check } from '../editor/useCheck';
import type { Session } from '../session/useSession';
import { shownState, type Run } from '../run/run';

interface Props {
  session: Session;
  chosen: string | undefined;
  onChoose: (path: string) => void;
  editor: RefObject<EditorRef | null>;
}

export function EditorPane({ session, chosen, onChoose, editor }: Props) {
  const { check, run, source, setText } = session;
  const all = useMemo(() => [...check.faults, ...check.warnings], [check.faults, check.warnings]);
  const steps = useMarks(check, run, chosen);
  return (
    <section aria-label="Workflow" data-part="json" className="part">
      <Editor ref={editor} source={source} faults={all} steps={steps} onText={setText} onChoose={onChoose} />
    </section>
  );
}

/** New marks only when a state or the choice changes: tokens must not reach the editor. */
function useMarks(check: Check, run: Run | null, chosen: string | undefined): StepMark[] {
  const previous = useRef<{ key: string; outline: Check['outline']; marks: StepMark[] } | null>(null);
  const marked = chosen !== undefined ? writtenAt(check.outline, chosen) : undefined;
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
