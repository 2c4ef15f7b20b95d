// The editor as a component. Until its chunk is loaded, the plain text is shown.
import { memo, useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react';
import type { Editor as Mounted } from './codemirror';
import type { Fix } from './fix';
import type { StepMark } from './marks';
import type { ReadValue } from './runValues';
import type { Range } from './scan';
import type { Insertion } from './steps/insert';
import type { LocatedFault } from './useCheck';

const chunk = import('./codemirror');

/** A text set from outside, as opposed to one that was typed. A new object replaces the text. */
export interface Source {
  text: string;
}

export interface EditorRef {
  goTo: (at: number) => void;
  /** Brings a place into view and leaves the focus where it is. */
  reveal: (range: Range) => void;
  /** The same, unless the reader scrolled or wrote since this run is on the page. */
  follow: (range: Range, run: string) => void;
  mend: (fixes: Fix[]) => void;
  insert: (insertion: Insertion) => void;
  format: () => void;
}

interface Props {
  source: Source;
  faults: LocatedFault[];
  steps: StepMark[];
  values: ReadValue | undefined;
  onText: (text: string) => void;
  onChoose: (id: string) => void;
  ref: Ref<EditorRef>;
}

export const Editor = memo(function Editor({ source, faults, steps, values, onText, onChoose, ref }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const first = useRef(source.text);
  const [editor, setEditor] = useState<Mounted | null>(null);

  useEffect(() => {
    let mounted: Mounted | undefined;
    let isGone = false;
    void chunk.then(({ mountEditor }) => {
      if (isGone || !host.current) return;
      mounted = mountEditor(host.current, { text: first.current, onText, onChoose });
      setEditor(mounted);
    });
    return () => {
      isGone = true;
      mounted?.destroy();
    };
  }, [onText, onChoose]);

  useEffect(() => editor?.setText(source.text), [editor, source]);
  useEffect(() => editor?.setFaults(faults), [editor, faults]);
  useEffect(() => editor?.setSteps(steps), [editor, steps]);
  useEffect(() => editor?.setValues(values), [editor, values]);
  // Calls before the editor is loaded run once it is.
  const asked = useRef<(editor: Mounted) => void>(undefined);
  useEffect(() => {
    if (editor) asked.current?.(editor);
    asked.current = undefined;
  }, [editor]);
  useImperativeHandle(ref, () => {
    const ask = (work: (editor: Mounted) => void) => (editor ? work(editor) : void (asked.current = work));
    return {
      goTo: (at) => ask((editor) => editor.goTo(at)),
      reveal: (range) => ask((editor) => editor.reveal(range)),
      follow: (range, run) => ask((editor) => editor.follow(range, run)),
      mend: (fixes) => ask((editor) => editor.mend(fixes)),
      insert: (insertion) => ask((editor) => editor.insert(insertion)),
      format: () => ask((editor) => editor.format()),
    };
  }, [editor]);

  return (
    <div className="relative min-h-0 flex-1 bg-inset">
      {!editor && (
        <pre className="absolute inset-0 overflow-hidden py-1.5 pl-[62px] font-code text-meta leading-5 whitespace-pre-wrap text-ink-3">{source.text}</pre>
      )}
      <div ref={host} className="absolute inset-0" />
    </div>
  );
});
