// Completion and hover documentation in the editor. What there is to offer comes from the server's JSON Schema and from the text.
import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  completionStatus,
  nextSnippetField,
  prevSnippetField,
  clearSnippet,
  snippetKeymap,
  pickedCompletion,
  startCompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete';
import { Prec, type EditorState, type Extension } from '@codemirror/state';
import { hoverTooltip, keymap, type EditorView } from '@codemirror/view';
import { parts } from '../../base/format';
import { closingBraces } from './closing';
import { nodeOptions } from './nodes';
import { isCalledName, isNodePlace, optionsAt, wordIn, wordOptions, type WordOption } from './offers';
import { placeAt, valueIn, type Place } from './place';
import { aboutOf, schemasAt, valuesAt, type Option } from './schema';
import { knownFor, storedWorkflows } from './server';
import type { Known } from './sight';
import { values } from './values';
import type { Word } from './words';

async function complete({ state, pos, explicit }: CompletionContext): Promise<CompletionResult | null> {
  const place = placeAt(state, pos);
  if (!place) return null;
  const spec = valueIn(state);
  const known = await knownFor(spec);
  if (!known) return null;
  const inTemplate = place.kind === 'value' && place.isText && completeWord(known, spec, place, state.sliceDoc(place.from + 1, pos), pos);
  if (inTemplate) return inTemplate;
  // Only inside quotes, or in a word: elsewhere, Enter begins a line.
  if (!explicit && !place.isText && place.from === place.to) return null;
  const options = await completeValue(known, spec, place, state);
  // Within the quotes: what is compared with the options is the word.
  const from = place.from + (place.isText ? 1 : 0);
  return options.length === 0 ? null : { from, options, validFor: /^[^"{}[\],:]*$/ };
}

function completeWord(known: Known, spec: unknown, { path }: Place, text: string, pos: number): CompletionResult | null {
  const word = wordIn(known, spec, path, text);
  if (!word) return null;
  const options = wordOptions(known, spec, path, text, word);
  return options.length === 0 ? null : { from: pos - word.written, options: options.map(asWord(word.kind)), validFor: /^\w*$/ };
}

async function completeValue(known: Known, spec: unknown, place: Place, state: EditorState): Promise<Completion[]> {
  if (place.kind === 'value' && !place.isText && isNodePlace(known, spec, place.path)) return nodeOptions(known, spec, place, state, aboutElement);
  if (place.kind === 'value' && place.isAfter) return [];
  const isCalled = place.kind === 'value' && isCalledName(spec, place.path);
  const options = isCalled ? await workflowOptions() : optionsAt(known, spec, place);
  const isFollowed = /^\s*:/.test(state.sliceDoc(place.to, place.to + 20));
  const comma = /^\s*"/.test(state.sliceDoc(place.to, place.to + 200)) ? ',' : '';
  return options.map(asCompletion(place.kind === 'name' && !isFollowed ? { comma } : undefined));
}

/** A name that several workflows have cannot be called; their ids can. */
async function workflowOptions(): Promise<Option[]> {
  const items = await storedWorkflows();
  return items.map(({ id, name, version }) => {
    const isOnly = name !== null && items.filter((item) => item.name === name).length === 1;
    return { text: JSON.stringify(isOnly ? name : id), about: `${name === null ? 'A workflow without a name' : `\`${name}\``}, version ${version}.` };
  });
}

const infoOf = (about: string | undefined) => about && (() => aboutElement(about));

/** The help of filters and tests is read in the list. */
const asWord =
  (kind: Word['kind']) =>
  ({ text, about, isCall }: WordOption, index: number): Completion => ({
    label: text,
    ...(kind === 'reference' ? { info: infoOf(about) } : { detail: about?.replaceAll('`', '') }),
    boost: -Math.min(index, 99),
    // The cursor goes between the parentheses.
    ...(isCall && {
      apply: (view: EditorView, completion: Completion, from: number, to: number) => {
        const isThere = view.state.sliceDoc(to, to + 1) === '(';
        insert(view, completion, from, to, isThere ? text : `${text}()`, isThere ? 0 : 1);
      },
    }),
  });

/** Options in the order of the schema, required ones first. `asName`: a value follows. */
const asCompletion =
  (asName: { comma: string } | undefined) =>
  ({ text, about, start = '', isRequired }: Option, index: number): Completion => ({
    label: text.replaceAll('"', ''),
    detail: isRequired ? 'required' : undefined,
    boost: (isRequired ? 50 : 0) - Math.min(index, 99),
    info: infoOf(about),
    apply(view, completion, from, to) {
      // All that is written there, with the quotes.
      const place = placeAt(view.state, to) ?? { from, to };
      const value = asName ? `: ${start}${asName.comma}` : '';
      const before = asName ? asName.comma.length + (start.length === 2 ? 1 : 0) : 0;
      insert(view, completion, place.from, place.to, text + value, before);
    },
  });

/** Inserts a text with the cursor some characters before its end, and offers what can be written there. */
function insert(view: EditorView, completion: Completion, from: number, to: number, text: string, before: number): void {
  view.dispatch({
    changes: { from, to, insert: text },
    selection: { anchor: from + text.length - before },
    annotations: pickedCompletion.of(completion),
    userEvent: 'input.complete',
    scrollIntoView: true,
  });
  if (before > 0) startCompletion(view);
}

const hover = hoverTooltip(async ({ state }, at) => {
  const place = placeAt(state, at);
  if (!place || place.from === place.to) return null;
  const spec = valueIn(state);
  const known = await knownFor(spec);
  const found = known && (hoverWord(known, spec, place, state, at) ?? hoverValue(known, spec, place, state));
  return found?.about ? { pos: found.from, end: found.to, create: () => ({ dom: aboutElement(found.about!) }) } : null;
});

interface Found {
  from: number;
  to: number;
  about: string | undefined;
}

/** The whole word at a position in a template. */
function hoverWord(known: Known, spec: unknown, place: Place, state: EditorState, at: number): Found | undefined {
  if (place.kind !== 'value' || !place.isText) return undefined;
  const end = at + /^\w*/.exec(state.sliceDoc(at, place.to))![0].length;
  const text = state.sliceDoc(place.from + 1, end);
  const word = wordIn(known, spec, place.path, text);
  if (!word || word.written === 0) return undefined;
  const written = text.slice(text.length - word.written);
  const option = wordOptions(known, spec, place.path, text, word).find((one) => one.text === written || one.text === `${written}.output`);
  return { from: end - word.written, to: end, about: option?.about };
}

function hoverValue({ language }: Known, spec: unknown, { kind, path, from, to }: Place, state: EditorState): Found {
  const written = state.sliceDoc(from, to);
  const about =
    kind === 'name'
      ? aboutOf(schemasAt(language, spec, [...path, written.replaceAll('"', '')]))
      : valuesAt(language, spec, path).find(({ text }) => text === written)?.about;
  return { from, to, about };
}

function aboutElement(about: string): HTMLElement {
  const box = document.createElement('div');
  box.className = 'cm-about';
  for (const { text, isCode } of parts(about)) {
    if (isCode) box.appendChild(document.createElement('code')).textContent = text;
    else box.append(text);
  }
  return box;
}

/** A text has no line breaks in JSON: Enter writes one as `\\n` in prose, and nothing in a word or a template. */
function enterInText(view: EditorView): boolean {
  const { main } = view.state.selection;
  const place = placeAt(view.state, main.head);
  if (!place?.isText || main.from < place.from || main.to > place.to) return false;
  const before = view.state.sliceDoc(place.from, main.from);
  const isProse = place.kind === 'value' && /\s/.test(view.state.sliceDoc(place.from, place.to)) && before.lastIndexOf('{{') <= before.lastIndexOf('}}');
  if (isProse) view.dispatch(view.state.replaceSelection('\\n'), { userEvent: 'input.type', scrollIntoView: true });
  // An offer may be on its way.
  return isProse || completionStatus(view.state) !== null;
}

/** Tab accepts what is offered, or goes to the next field of a new node; else it leaves the editor. */
const tabs = [
  { key: 'Tab', run: (view: EditorView) => acceptCompletion(view) || nextSnippetField(view), shift: prevSnippetField },
  { key: 'Escape', run: clearSnippet },
];

// No delay before an offer can be accepted: it opens in quotes, where Enter would break the text, or where it was asked for.
export const help: Extension = [
  autocompletion({ override: [complete], icons: false, activateOnTypingDelay: 50, interactionDelay: 0 }),
  closingBraces,
  closeBrackets(),
  hover,
  values,
  snippetKeymap.of(tabs),
  Prec.high(keymap.of([{ key: 'Tab', run: acceptCompletion }, ...closeBracketsKeymap, ...completionKeymap, { key: 'Enter', run: enterInText }])),
];
