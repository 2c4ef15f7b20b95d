// What an expression gave in the run on the page: under the pointer, and with F2 at the cursor.
import { StateEffect, StateField, type EditorState, type Extension } from '@codemirror/state';
import { type EditorView, hoverTooltip, keymap, showTooltip, type Tooltip } from '@codemirror/view';
import { asText, count } from '../../base/format';
import { runValues } from '../runValues';
import { expressionAt, nodePath } from './expression';
import { placeAt, valueIn } from './place';
import { schemasAt } from './schema';
import { knownFor } from './server';

/** Of a longer value this much is shown. */
const SHOWN = 1500;

async function valueTip(state: EditorState, at: number): Promise<Tooltip | null> {
  const read = state.facet(runValues);
  const place = read && placeAt(state, at);
  if (!read || place?.kind !== 'value' || !place.isText) return null;
  const spec = valueIn(state);
  const known = await knownFor(spec);
  const marks = known ? schemasAt(known.language, spec, place.path).map((schema) => schema['x-workflow']) : [];
  if (marks.includes('schema')) return null;
  const start = place.from + 1;
  const found = expressionAt(state.sliceDoc(start, place.to - 1), at - start, marks.includes('expression'));
  const answer = found && (await read(nodePath(spec, place.path), found.text));
  return answer ? { pos: start + found.from, end: start + found.to, create: () => ({ dom: valueElement(answer.value) }) } : null;
}

function valueElement(value: unknown): HTMLElement {
  const text = typeof value === 'string' && value === '' ? '""' : asText(value);
  const box = document.createElement('div');
  box.className = 'cm-about cm-value';
  box.setAttribute('role', 'status');
  box.append('In this run');
  box.appendChild(document.createElement('pre')).textContent = text.length > SHOWN ? `${text.slice(0, SHOWN)}… (${count(text.length)} characters)` : text;
  return box;
}

const setTip = StateEffect.define<Tooltip | null>();

/** The value at the cursor, until the cursor moves. */
const tip = StateField.define<Tooltip | null>({
  create: () => null,
  update(shown, { effects, docChanged, selection }) {
    const set = effects.findLast((one) => one.is(setTip));
    return set ? (set.value as Tooltip | null) : docChanged || selection ? null : shown;
  },
  provide: (field) => showTooltip.from(field),
});

function showAtCursor(view: EditorView): boolean {
  const { state } = view;
  void valueTip(state, state.selection.main.head).then((found) => {
    if (view.state.selection.eq(state.selection) && view.state.doc.eq(state.doc)) view.dispatch({ effects: setTip.of(found && { ...found, above: true }) });
  });
  return true;
}

function hide(view: EditorView): boolean {
  if (!view.state.field(tip)) return false;
  view.dispatch({ effects: setTip.of(null) });
  return true;
}

export const values: Extension = [
  tip,
  hoverTooltip(({ state }, at) => valueTip(state, at), { hoverTime: 500 }),
  keymap.of([
    { key: 'F2', run: showAtCursor },
    { key: 'Escape', run: hide },
  ]),
];
