// Fixes are made in the editor, all in one step, so that undo takes them back at once.
import type { EditorView } from '@codemirror/view';
import { toast } from '../parts/Toast';
import type { Fix } from './fix';

export function mend(view: EditorView, fixes: Fix[]): void {
  // Two faults may be about the same place.
  const changes = new Map(fixes.flatMap(({ places, meant }) => places.map((place) => [place.from, { ...place, insert: JSON.stringify(meant).slice(1, -1) }])));
  view.dispatch({ changes: [...changes.values()], selection: { anchor: Math.min(...changes.keys()) }, userEvent: 'input.fix', scrollIntoView: true });
  view.focus();
  const [{ written, meant }] = fixes as [Fix];
  toast(fixes.length === 1 ? `Changed ${written} to ${meant}.` : `Fixed ${fixes.length} faults.`);
}
