// What can be written at a place: names, values, nodes, and within templates references, filters, tests and statements.
import { isObject, own } from '../../base/ownProperty';
import { modelsOf } from '../../api/nodeTypes';
import { toolsOf } from '../bodies';
import { casesOf } from '../needs';
import type { Place } from './place';
import { namesAt, schemasAt, valueAt, valuesAt, wayTo, type Option, type Path, type Schema } from './schema';
import { fieldsOf, within, aboutShape, type Shape } from './shape';
import { isAncestor, keysOf, seenAt, shapeOfExpression, type Known, type Seen } from './sight';
import { definedIn, wordAt, type Word } from './words';

/** An option within a template is written as it is, without quotes. `isCall`: it has arguments. */
export interface WordOption extends Option {
  isCall?: boolean;
}

/** The word of a template or expression at the end of a text, if the value at this path has any. */
export function wordIn(known: Known, spec: unknown, path: Path, text: string): Word | undefined {
  const marks = schemasAt(known.language, spec, path).map((schema) => schema['x-workflow']);
  if (marks.includes('schema')) return undefined;
  return wordAt(text, marks.includes('expression'));
}

/** The options for a word. `text`: what stands before it in its string. */
export function wordOptions(known: Known, spec: unknown, path: Path, text: string, word: Word): WordOption[] {
  if (word.kind === 'filter') return wordsOf(known, 'filters');
  if (word.kind === 'test') return wordsOf(known, 'tests');
  if (word.kind === 'statement') return wordsOf(known, 'statements');
  const seen = [...definedHere(known, spec, path, text), ...seenAt(known, spec, path)];
  if (word.path === '')
    return [
      ...seen.map(({ name, about, isNode }) => ({
        text: isNode ? `${name}.output` : name,
        about,
      })),
      ...wordsOf(known, 'functions'),
    ];
  const [root, ...keys] = keysOf(word.path) ?? [];
  const named = seen.find(({ name }) => name === root);
  if (!named) return [];
  if (named.isNode && keys.length === 0) return wordsOf(known, 'step').map((option) => (option.text === 'output' ? { ...option, about: named.about } : option));
  const shape = (named.isNode ? keys.slice(1) : keys).reduce(within, named.shape);
  if (named.isNode && keys[0] !== 'output') return [];
  return fieldsOf(shape).map((field) => ({ text: field, about: [aboutShape(within(shape, field)), origin(named)].filter(Boolean).join(' ') }));
}

/** Where a field comes from: the first clause about the value that it is in. */
function origin({ about }: Seen): string {
  const clause = about.split(/[.;]/)[0]!;
  return `A field of ${clause.charAt(0).toLowerCase()}${clause.slice(1)}.`;
}

/** The names that the template itself defines. */
function definedHere(known: Known, spec: unknown, path: Path, text: string): Seen[] {
  return definedIn(text)
    .map(({ name, value, isItem }) => {
      const whole: Shape = shapeOfExpression(known, spec, path, value);
      const shape = isItem ? within(whole, 0) : whole;
      const about = isItem ? `An item of \`${value}\`.` : `The value of \`${value}\`.`;
      return { name, about: [about, aboutShape(shape)].filter(Boolean).join(' '), shape, isNode: false };
    })
    .reverse();
}

function wordsOf({ language }: Known, kind: 'filters' | 'tests' | 'functions' | 'statements' | 'step'): WordOption[] {
  const words = own(own(language, 'x-templates'), kind);
  return Object.entries(isObject(words) ? words : {}).map(([text, help]) => ({ text, about: String(help), isCall: String(help).includes(`${text}(`) }));
}

/** What can stand at a place outside of templates. */
export function optionsAt(known: Known, spec: unknown, { kind, path }: Pick<Place, 'kind' | 'path'>): Option[] {
  const { language } = known;
  if (kind === 'name') return namesAt(language, spec, path);
  if (path.at(-2) === 'needs') return needsOptions(spec, path.slice(0, -2));
  if (path.at(-1) === 'case' && isNodePlace(known, spec, path.slice(0, -1))) return caseOptions(spec, path.slice(0, -1));
  if (path.at(-2) === 'required' && isSchema(language, spec, path.slice(0, -2))) return fieldOptions(spec, path.slice(0, -2));
  if (path.at(-1) === 'tool' && path.at(-2) === 'tool_choice')
    return toolsOf(valueAt(spec, path.slice(0, -2))).map(({ name }) => ({ text: JSON.stringify(name) }));
  if (path.at(-1) === 'model' && path.at(-2) === 'data') return modelOptions(own(valueAt(spec, path.slice(0, -2)), 'type'));
  return valuesAt(language, spec, path);
}

/** Whether a path leads to a node of a list: `nodes/2`, `on_failure/0`, or a list inside a node. */
export const isNodePlace = ({ language }: Known, spec: unknown, path: Path): boolean => wayTo(language, spec, path).nodes.at(-1) === path.length - 1;

/** Whether it is the name of a called workflow: of a node, or of a tool. */
export const isCalledName = (spec: unknown, path: Path): boolean =>
  path.at(-1) === 'workflow' &&
  (path.at(-2) === 'data' ? own(valueAt(spec, path.slice(0, -2)), 'type') === 'WorkflowNode' : path.at(-3) === 'tools' && typeof path.at(-2) === 'number');

/** The nodes beside this one that it can need: not itself, none twice, and none that needs it. */
function needsOptions(spec: unknown, node: Path): Option[] {
  const nodes = valueAt(spec, node.slice(0, -1));
  const at = node.at(-1);
  if (!Array.isArray(nodes) || typeof at !== 'number') return [];
  const needs = own(nodes[at], 'needs');
  const listed = Array.isArray(needs) ? needs : [];
  return nodes.flatMap((other: unknown, index) => {
    const id = own(other, 'id');
    if (typeof id !== 'string' || id === '' || index === at || listed.includes(id) || isAncestor(nodes, index, at)) return [];
    const type = own(other, 'type');
    return [{ text: JSON.stringify(id), about: typeof type === 'string' ? `\`${id}\`, of type \`${type}\`, must be settled first.` : undefined }];
  });
}

/** The models that the server lists. */
const modelOptions = (type: unknown): Option[] => modelsOf(type).map((name) => ({ text: JSON.stringify(name) }));

/** The cases of the switches beside this node. */
function caseOptions(spec: unknown, node: Path): Option[] {
  const nodes = valueAt(spec, node.slice(0, -1));
  const at = node.at(-1);
  if (!Array.isArray(nodes) || typeof at !== 'number') return [];
  return nodes.flatMap((other: unknown, index) => {
    const id = own(other, 'id');
    if (typeof id !== 'string' || index === at || isAncestor(nodes, index, at)) return [];
    return casesOf(other).map((name) => ({ text: JSON.stringify(`${id}.${name}`), about: `Runs if \`${id}\` chooses \`${name}\`.` }));
  });
}

const isSchema = (language: Schema, spec: unknown, path: Path): boolean => schemasAt(language, spec, path).some((schema) => schema['x-workflow'] === 'schema');

/** The fields of a schema that it does not require yet. */
function fieldOptions(spec: unknown, path: Path): Option[] {
  const schema = valueAt(spec, path);
  const properties = own(schema, 'properties');
  const required = own(schema, 'required');
  const names = isObject(properties) ? Object.keys(properties) : [];
  return names.filter((name) => !Array.isArray(required) || !required.includes(name)).map((name) => ({ text: JSON.stringify(name) }));
}
