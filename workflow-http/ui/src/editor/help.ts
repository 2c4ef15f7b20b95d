// Completion and hover documentation in the editor, from the JSON Schema of the server.
import { autocompletion, completionKeymap, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import type { EditorState, Extension } from '@codemirror/state';
import { hoverTooltip, keymap, type EditorView } from '@codemirror/view';
import { getSchema } from '../api/client';
import { parts } from '../base/format';
import { placeAt, valueIn, type Place } from './place';
import { referencesAt } from './references';
import { aboutOf, namesAt, schemasAt, valuesAt, type Option, type Schema } from './schema';

let known: Promise<Schema | undefined> | undefined;

/** Loaded once, when it is first needed. Without it there is no completion; all else works. */
const schema = (): Promise<Schema | undefined> => (known ??= getSchema().catch(() => (known = undefined)));

async function complete({ state, pos, explicit }: CompletionContext): Promise<CompletionResult | null> {
  const place = placeAt(state, pos);
  const root = await schema();
  if (!place || !root) return null;
  const reference = place.kind === 'value' && place.isText ? referenceFrom(state, root, place, pos) : undefined;
  if (reference !== undefined) return { from: reference, options: referencesAt(valueIn(state), place.path).map(asReference), validFor: /^[\w.]*$/ };
  if (!explicit && !place.isText && place.from === place.to) return null;
  const value = valueIn(state);
  const options = place.kind === 'name' ? namesAt(root, value, place.path) : valuesAt(root, value, place.path);
  if (options.length === 0) return null;
  const isFollowed = /^\s*:/.test(state.sliceDoc(place.to, place.to + 20));
  return {
    from: place.from,
    to: place.to,
    options: options.map(asCompletion(state.sliceDoc(place.from, place.from + 1) === '"', place.kind === 'name' && !isFollowed)),
    validFor: /^"?\w*"?$/,
  };
}

/** Where the word begins that is being written inside `{{ }}` or an expression. */
function referenceFrom(state: EditorState, root: Schema, { from, path }: Place, at: number): number | undefined {
  const before = state.sliceDoc(from, at);
  const marks = schemasAt(root, valueIn(state), path).map((schema) => schema['x-workflow']);
  const isOpen = before.lastIndexOf('{{') > before.lastIndexOf('}}');
  if (!isOpen && !marks.includes('expression')) return undefined;
  const word = /[\w.]*$/.exec(before)![0];
  return at - word.length;
}

const asReference = ({ text, about }: Option): Completion => ({ label: text, info: about && (() => aboutElement(about)) });

/** Options in the order of the schema, required ones first. `isQuoted`: the opening quote is already in the text. */
const asCompletion =
  (isQuoted: boolean, withValue: boolean) =>
  ({ text, about, start = '', isRequired }: Option, index: number): Completion => ({
    label: isQuoted ? text : text.replaceAll('"', ''),
    displayLabel: text.replaceAll('"', ''),
    detail: isRequired ? 'required' : undefined,
    boost: (isRequired ? 50 : 0) - Math.min(index, 99),
    info: about && (() => aboutElement(about)),
    apply: withValue ? (view, _, from, to) => insertName(view, `${text}: ${start}`, from, to, start.length === 2) : text,
  });

/** Inserts a name and puts the cursor inside the start of its value. */
function insertName(view: EditorView, insert: string, from: number, to: number, isHolder: boolean): void {
  view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length - (isHolder ? 1 : 0) }, userEvent: 'input.complete' });
}

const hover = hoverTooltip(async ({ state }, at) => {
  const place = placeAt(state, at);
  const root = await schema();
  if (!place || !root || place.from === place.to) return null;
  const written = state.sliceDoc(place.from, place.to);
  const value = valueIn(state);
  const about =
    place.kind === 'name'
      ? aboutOf(schemasAt(root, value, [...place.path, written.replaceAll('"', '')]))
      : valuesAt(root, value, place.path).find(({ text }) => text === written)?.about;
  return about ? { pos: place.from, end: place.to, create: () => ({ dom: aboutElement(about) }) } : null;
});

function aboutElement(about: string): HTMLElement {
  const box = document.createElement('div');
  box.className = 'cm-about';
  for (const { text, isCode } of parts(about)) {
    if (isCode) box.appendChild(document.createElement('code')).textContent = text;
    else box.append(text);
  }
  return box;
}

export const help: Extension = [autocompletion({ override: [complete], icons: false }), hover, keymap.of([...completionKeymap])];
