// Braces of templates close as they are typed. They, and the quote at the end of a text, are typed over where they are already there.
import { EditorSelection, type EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { placeAt } from './place';

export const closingBraces = EditorView.inputHandler.of((view, from, to, text) => {
  if (view.state.readOnly || view.composing || from !== to || text.length !== 1) return false;
  const change = '{%} "]'.includes(text) ? changeFor(text, view.state, from) : undefined;
  if (!change) return false;
  const { remove, insert, cursor } = change;
  view.dispatch({
    changes: { from, to: from + remove, insert },
    selection: EditorSelection.cursor(from + cursor),
    userEvent: 'input.type',
    scrollIntoView: true,
  });
  return true;
});

interface Typed {
  /** How many characters after the cursor are replaced. */
  remove: number;
  insert: string;
  cursor: number;
}

function changeFor(typed: string, state: EditorState, at: number): Typed | undefined {
  const place = placeAt(state, at);
  if (!place?.isText) return outsideOfTexts(typed, state, at);
  const line = state.doc.lineAt(at);
  const before = line.text.slice(0, at - line.from);
  const after = line.text.slice(at - line.from);
  const over = (count: number): Typed => ({ remove: 0, insert: '', cursor: count });
  switch (typed) {
    // `{{` becomes `{{ | }}`; the `}` is there if the first brace was closed, too.
    case '{':
      if (!/(?:^|[^{])\{$/.test(before) || after.startsWith('}}')) return undefined;
      return { remove: after.startsWith('}') ? 1 : 0, insert: '{  }}', cursor: 2 };
    case '%':
      if (/^ ?%\}/.test(after)) return over(after.indexOf('%') + 1);
      if (!/\{$/.test(before)) return undefined;
      return { remove: after.startsWith('}') ? 1 : 0, insert: '%  %}', cursor: 2 };
    case ' ':
      if (/\{[{%] $/.test(before) && /^ [}%]\}/.test(after)) return over(0);
      return /\{[{%] [^}]*\S$/.test(before) && /^ [}%]\}/.test(after) ? over(1) : undefined;
    case '}':
      if (/^ \}\}/.test(after)) return over(2);
      return /\{[{%][^}]*[}%]?$/.test(before) && after.startsWith('}') ? over(1) : undefined;
    case '"':
      return at === place.to - 1 && !before.endsWith('\\') ? over(1) : undefined;
    default:
      return undefined;
  }
}

function outsideOfTexts(typed: string, state: EditorState, at: number): Typed | undefined {
  const after = state.sliceDoc(at, at + 1);
  if (typed === '"') {
    // Where a name or a value begins. The rule of the editor's own brackets takes a name before it for an open text.
    const before = state.sliceDoc(0, at).trimEnd().at(-1) ?? '';
    const opens = '{[,:'.includes(before) && !/[\w"]/.test(after) && !isOpen(state, at);
    return opens ? { remove: 0, insert: '""', cursor: 1 } : { remove: 0, insert: '"', cursor: 1 };
  }
  const isClose = typed === '}' || typed === ']';
  return isClose && after === typed && isBalanced(state.doc.toString()) ? { remove: 0, insert: '', cursor: 1 } : undefined;
}

/** Whether a text of the line is not closed yet. */
function isOpen(state: EditorState, at: number): boolean {
  const before = state.sliceDoc(state.doc.lineAt(at).from, at);
  return before.replaceAll(/\\./g, '').split('"').length % 2 === 0;
}

/** Whether each bracket is closed, so that one more would be too many. */
function isBalanced(text: string): boolean {
  const brackets = text.replaceAll(/"(?:[^"\\\n]|\\.)*"|[^{}[\]]/g, '');
  return brackets.length === 2 * brackets.replaceAll(/[}\]]/g, '').length;
}
