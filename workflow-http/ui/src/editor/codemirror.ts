// The editor itself: one CodeMirror view in a shadow root. This module is the lazy chunk.
import {
  copyLineDown,
  copyLineUp,
  deleteLine,
  history,
  historyKeymap,
  indentLess,
  indentMore,
  moveLineDown,
  moveLineUp,
  selectParentSyntax,
  standardKeymap,
} from '@codemirror/commands';
import { bracketMatching, indentOnInput } from '@codemirror/language';
import { Compartment, EditorSelection, EditorState } from '@codemirror/state';
import { drawSelection, EditorView, keymap, lineNumbers, type KeyBinding } from '@codemirror/view';
import { toast } from '../parts/Toast';
import type { Fix } from './fix';
import { workflowJson } from './json';
import { looks } from './looks';
import { faultsField, marks, setFaults, setSteps, type StepMark } from './marks';
import { mend } from './mend';
import { asPasted, format, samePlace } from './format';
import { loadUnderPointer } from './pointer';
import { runValues, type ReadValue } from './runValues';
import type { Range } from './scan';
import type { Insertion } from './steps/insert';
import type { LocatedFault } from './useCheck';

export { asPasted };

export interface Editor {
  setText: (text: string) => void;
  setFaults: (faults: LocatedFault[]) => void;
  setSteps: (steps: StepMark[]) => void;
  /** What expressions gave in the run on the page. */
  setValues: (read: ReadValue | undefined) => void;
  goTo: (at: number) => void;
  reveal: (range: Range) => void;
  follow: (range: Range, run: string) => void;
  mend: (fixes: Fix[]) => void;
  /** Inserts a node, and selects the first part that is to be filled in. */
  insert: (insertion: Insertion) => void;
  format: () => void;
  destroy: () => void;
}

interface Options {
  text: string;
  onText: (text: string) => void;
  onChoose: (id: string) => void;
}

/** Line commands that code editors have, as far as they help with JSON. */
const lineKeys: KeyBinding[] = [
  { key: 'Alt-ArrowUp', run: moveLineUp, shift: copyLineUp },
  { key: 'Alt-ArrowDown', run: moveLineDown, shift: copyLineDown },
  { key: 'Shift-Mod-k', run: deleteLine },
  { key: 'Shift-Alt-f', run: formatAll, preventDefault: true },
  { key: 'Mod-[', run: indentLess },
  { key: 'Mod-]', run: indentMore },
  { key: 'Mod-i', run: selectParentSyntax, preventDefault: true },
];

export function mountEditor(host: HTMLElement, { text, onText, onChoose }: Options): Editor {
  // In a shadow root CodeMirror adopts its style sheets; in the page it would write <style>, which the content policy refuses.
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const helping = new Compartment();
  const reading = new Compartment();
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        marks(onChoose),
        lineNumbers(),
        history(),
        drawSelection(),
        bracketMatching(),
        indentOnInput(),
        workflowJson,
        helping.of([]),
        reading.of([]),
        looks,
        keymap.of([{ key: 'F8', run: goToNextFault }, { key: 'Escape', run: leave }, ...lineKeys, ...standardKeymap, ...historyKeymap]),
        EditorView.clipboardInputFilter.of(pasted),
        EditorView.contentAttributes.of({ 'aria-label': 'Workflow as JSON', tabindex: '0' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onText(update.state.doc.toString());
        }),
      ],
    }),
  });

  // Completion is loaded when writing begins.
  let isHelped = false;
  const bringHelp = async () => {
    const { help } = await import('./help/help');
    if (isHelped) return;
    isHelped = true;
    if (view.dom.isConnected) view.dispatch({ effects: helping.reconfigure(help) });
  };
  view.contentDOM.addEventListener('focus', () => void bringHelp(), { once: true });
  let hasValues = false;

  // The text follows a run until the reader scrolls or writes.
  let followed: string | undefined;
  let isHeld = false;
  for (const act of ['wheel', 'touchmove', 'pointerdown', 'keydown']) view.scrollDOM.addEventListener(act, () => (isHeld = true), { passive: true });

  return {
    setText(next) {
      if (next === view.state.doc.toString()) return;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } });
    },
    setFaults: (faults) => view.dispatch({ effects: setFaults.of(faults) }),
    setSteps: (steps) => view.dispatch({ effects: setSteps.of(steps) }),
    setValues(read) {
      view.dispatch({ effects: reading.reconfigure(read ? runValues.of(read) : []) });
      // The values of a run are looked at without writing.
      if (read && !hasValues) loadUnderPointer(view.contentDOM, bringHelp);
      hasValues ||= read !== undefined;
    },
    goTo: (at) => goTo(view, at),
    reveal: (range) => reveal(view, range),
    follow(range, run) {
      if (followed !== run) isHeld = false;
      followed = run;
      if (!isHeld) reveal(view, range);
    },
    mend: (fixes) => mend(view, fixes),
    insert: (insertion) => insert(view, insertion),
    format: () => void formatAll(view),
    destroy: () => view.destroy(),
  };
}

function goTo(view: EditorView, at: number): void {
  const anchor = Math.min(at, view.state.doc.length);
  view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) });
  view.focus();
}

/** Scrolls as little as possible. Of a range higher than the editor, the start is shown. */
function reveal(view: EditorView, { from, to }: Range): void {
  const end = view.state.doc.length;
  const range = EditorSelection.range(Math.min(to, end), Math.min(from, end));
  view.dispatch({ effects: EditorView.scrollIntoView(range, { y: 'nearest', yMargin: 40 }) });
}

function leave(view: EditorView): boolean {
  view.contentDOM.blur();
  return true;
}

function goToNextFault(view: EditorView): boolean {
  const places = view.state
    .field(faultsField)
    .map((fault) => fault.from)
    .sort((a, b) => a - b);
  const next = places.find((place) => place > view.state.selection.main.head) ?? places[0];
  if (next !== undefined) goTo(view, next);
  return next !== undefined;
}

/** Formats the text, and keeps the cursor behind the same character. */
function formatAll(view: EditorView): boolean {
  const text = view.state.doc.toString();
  const formatted = format(text);
  if (formatted === undefined) toast('The text is not JSON yet. Fix its first fault, then format it.');
  else if (formatted !== text.trimEnd()) {
    const { anchor, head } = view.state.selection.main;
    view.dispatch({
      changes: { from: 0, to: text.length, insert: formatted },
      selection: { anchor: samePlace(text, anchor, formatted), head: samePlace(text, head, formatted) },
      userEvent: 'input.format',
      scrollIntoView: true,
    });
  }
  view.focus();
  return true;
}

function pasted(text: string, { doc, selection: { main } }: EditorState): string {
  const isAll = doc.sliceString(0, main.from).trim() === '' && doc.sliceString(main.to).trim() === '';
  const indent = /^[ \t]*/.exec(doc.lineAt(main.from).text)![0];
  return asPasted(text, isAll ? '' : indent, isAll);
}

function insert(view: EditorView, { changes, fields: [first] }: Insertion): void {
  view.dispatch({ changes, userEvent: 'input.insert' });
  // Beside a graph without the text, the focus stays.
  if (view.dom.getBoundingClientRect().width > 0) view.focus();
  if (!first) return;
  view.dispatch({ selection: EditorSelection.range(first.from, first.to), effects: EditorView.scrollIntoView(first.from, { y: 'center' }) });
}
