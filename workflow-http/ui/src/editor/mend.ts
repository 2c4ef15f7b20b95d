// Applies fixes in one transaction, so that one undo reverts them.
import type { EditorView } from '@codemirror/view';
import { toast } from '../parts/Toast';
import type { Fix } from './fix';

export function mend(view: EditorView, fixes: Fix[]): void {
  const changes = changesIn(view, fixes);
  view.focus();
  if (changes.length === 0) return;
  view.dispatch({ changes, selection: { anchor: Math.min(...changes.map(({ from }) => from)) }, userEvent: 'input.fix', scrollIntoView: true });
  const [{ written, meant }] = fixes as [Fix];
  toast(fixes.length === 1 ? `Changed ${written} to ${meant}.` : `Fixed ${fixes.length} faults.`);
}

/** Two faults may have the same place, and the text may have changed since the check. */
function changesIn({ state }: EditorView, fixes: Fix[]) {
  const all = fixes.flatMap(({ written, meant, places }) => places.map((place) => ({ ...place, written, insert: JSON.stringify(meant).slice(1, -1) })));
  const still = all.filter(({ from, to, written }) => to <= state.doc.length && state.sliceDoc(from, to) === written);
  return [...new Map(still.map((change) => [change.from, change])).values()];
}
