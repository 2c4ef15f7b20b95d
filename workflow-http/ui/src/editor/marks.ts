// Decorations of the text: faults, the state of each step, the selected step.
import { RangeSet, StateEffect, StateField, type EditorState, type Extension, type Range as Placed, type StateEffectType } from '@codemirror/state';
import { Decoration, EditorView, gutter, GutterMarker, WidgetType, type DecorationSet } from '@codemirror/view';
import type { StepState } from '../run/run';
import { parts, sentence } from '../base/format';
import { fixOf, type Fix } from './fix';
import { mend } from './mend';
import type { LocatedFault } from './useCheck';

export interface StepMark {
  id: string;
  from: number;
  to: number;
  state?: StepState;
  isChosen: boolean;
}

export const setFaults = StateEffect.define<LocatedFault[]>();
export const setSteps = StateEffect.define<StepMark[]>();

/** Values with a position that is mapped through changes of the text. `isTransient`: a change within one removes it. */
function placedField<T extends { from: number; to: number }>(effect: StateEffectType<T[]>, isTransient: boolean): StateField<T[]> {
  return StateField.define<T[]>({
    create: () => [],
    update(things, { effects, changes, docChanged, state }) {
      const end = state.doc.length;
      const set = effects.findLast((one) => one.is(effect))?.value as T[] | undefined;
      if (set) return set.map((thing) => ({ ...thing, from: Math.min(thing.from, end), to: Math.min(thing.to, end) }));
      if (!docChanged) return things;
      const left = isTransient ? things.filter(({ from, to }) => !changes.touchesRange(from, to)) : things;
      return left.map((thing) => ({ ...thing, from: changes.mapPos(thing.from), to: changes.mapPos(thing.to) }));
    },
  });
}

/** What is being mended is no fault until it is checked. */
export const faultsField = placedField(setFaults, true);
export const stepsField = placedField(setSteps, false);

/** Whether the cursor is where something was written last. */
const isWriting = StateField.define<boolean>({
  create: () => false,
  update: (was, transaction) =>
    transaction.docChanged ? transaction.isUserEvent('input') || transaction.isUserEvent('delete') : was && transaction.selection === undefined,
});

class Lens extends WidgetType {
  readonly faults: LocatedFault[];

  constructor(faults: LocatedFault[]) {
    super();
    this.faults = faults;
  }

  override eq(other: Lens) {
    const wordsOf = (lens: Lens) => JSON.stringify(lens.faults.map(({ detail, hint, isWarning }) => [detail, hint, isWarning]));
    return wordsOf(this) === wordsOf(other);
  }

  override toDOM(view: EditorView) {
    const lens = document.createElement('div');
    lens.className = 'cm-lens';
    for (const fault of this.faults) {
      const box = lens.appendChild(document.createElement('div'));
      if (fault.isWarning) box.className = 'cm-lens-warning';
      box.append(paragraph(fault.detail), ...(fault.hint ? [paragraph(fault.hint)] : []));
      if (fixIn(view.state, fault)) box.lastElementChild!.append(' ', fixButton(view, fault));
    }
    return lens;
  }
}

/** The text around a fault may change while its lens stays. */
function fixIn(state: EditorState, { pointer, detail }: LocatedFault): Fix | undefined {
  const now = state.field(faultsField).find((fault) => fault.pointer === pointer && fault.detail === detail);
  return now && fixOf(state.doc.toString(), now);
}

function fixButton(view: EditorView, fault: LocatedFault): HTMLElement {
  const button = document.createElement('button');
  button.textContent = 'Fix';
  button.onclick = () => {
    const fix = fixIn(view.state, fault);
    if (fix) mend(view, [fix]);
  };
  return button;
}

function paragraph(text: string): HTMLElement {
  const paragraph = document.createElement('p');
  for (const { text: words, isCode } of parts(sentence(text))) {
    if (isCode) paragraph.appendChild(document.createElement('code')).textContent = words;
    else paragraph.append(words);
  }
  return paragraph;
}

/** Underline and line edge for each fault or warning, and one lens below the line under the cursor: not of what is being written there. */
function drawFaults(state: EditorState): DecorationSet {
  const faults = state.field(faultsField);
  const drawn: Placed<Decoration>[] = [];
  const here = state.doc.lineAt(state.selection.main.head);
  for (const fault of faults) {
    const [mark, line] = fault.isWarning ? ['cm-warning', 'cm-warned'] : ['cm-fault', 'cm-faulty'];
    if (fault.to > fault.from) drawn.push(Decoration.mark({ class: mark }).range(fault.from, fault.to));
    drawn.push(Decoration.line({ class: line }).range(state.doc.lineAt(fault.from).from));
  }
  const { head } = state.selection.main;
  const isWritten = ({ from, to }: LocatedFault) => state.field(isWriting) && from < head && head <= to;
  const under = faults.filter((fault) => fault.from >= here.from && fault.from <= here.to && !isWritten(fault));
  if (under.length > 0) drawn.push(Decoration.widget({ widget: new Lens(under), block: true, side: 1 }).range(here.to));
  return Decoration.set(drawn, true);
}

function drawChosen(state: EditorState): DecorationSet {
  const chosen = state.field(stepsField).find((step) => step.isChosen);
  if (!chosen) return Decoration.none;
  const drawn: Placed<Decoration>[] = [];
  const last = state.doc.lineAt(chosen.to).number;
  for (let line = state.doc.lineAt(chosen.from).number; line <= last; line += 1) {
    drawn.push(Decoration.line({ class: 'cm-chosen' }).range(state.doc.line(line).from));
  }
  return Decoration.set(drawn);
}

class StateMarker extends GutterMarker {
  readonly state: StepState;

  constructor(state: StepState) {
    super();
    this.state = state;
  }

  override eq(other: StateMarker) {
    return this.state === other.state;
  }

  override toDOM() {
    const icon = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    icon.setAttribute('viewBox', '0 0 16 16');
    icon.setAttribute('class', `cm-state-${this.state}`);
    // A shadow root cannot use the page's symbols, so it copies the shape.
    const shape = document.getElementById(`icon-${this.state}`);
    if (shape) icon.append(...shape.cloneNode(true).childNodes);
    return icon;
  }
}

const stateGutter = (onChoose: (id: string) => void) =>
  gutter({
    class: 'cm-states',
    markers: (view) => {
      const markers = view.state.field(stepsField).flatMap((step) => {
        if (!step.state) return [];
        return [new StateMarker(step.state).range(view.state.doc.lineAt(step.from).from)];
      });
      return RangeSet.of(markers, true);
    },
    lineMarkerChange: (update) => update.startState.field(stepsField) !== update.state.field(stepsField),
    domEventHandlers: {
      mousedown(view, line) {
        const step = stepAt(view.state, line.from, line.to);
        if (step) onChoose(step.id);
        return step !== undefined;
      },
    },
  });

/** The innermost step: those of a body come after their container. */
const stepAt = (state: EditorState, from: number, to = from): StepMark | undefined =>
  state.field(stepsField).findLast((step) => step.from <= to && step.to >= from);

/** `onChoose` is called when a step is clicked in the text or in the gutter, and when it is written. */
export const marks = (onChoose: (id: string) => void): Extension => [
  faultsField,
  stepsField,
  isWriting,
  EditorView.decorations.compute([faultsField, isWriting, 'selection', 'doc'], drawFaults),
  EditorView.decorations.compute([stepsField], drawChosen),
  stateGutter(onChoose),
  EditorView.updateListener.of((update) => {
    const isMeant = update.transactions.some((transaction) => transaction.isUserEvent('select') || transaction.isUserEvent('input'));
    // A step that is being written is known a moment later.
    const isNew = update.state.field(isWriting) && update.startState.field(stepsField).length !== update.state.field(stepsField).length;
    if (!isMeant && !isNew) return;
    const step = stepAt(update.state, update.state.selection.main.head);
    if (step) onChoose(step.id);
  }),
];
