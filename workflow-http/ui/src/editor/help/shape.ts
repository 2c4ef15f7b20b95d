// What is known of a value before it exists, and so which fields a template can read. The rules are those of the server's check.
import { isObject } from '../../base/ownProperty';
import { aboutOf, expand, inside, type Schema } from './schema';

export type Shape =
  | { kind: 'unknown' | 'text' | 'scalar' }
  | { kind: 'object'; members: ReadonlyMap<string, Shape> }
  | { kind: 'list'; item: Shape }
  | { kind: 'choice'; of: Shape[] }
  /** It fits all these parts of a JSON Schema. */
  | { kind: 'schema'; root: Schema; parts: Schema[] };

export const UNKNOWN: Shape = { kind: 'unknown' };
export const TEXT: Shape = { kind: 'text' };
export const SCALAR: Shape = { kind: 'scalar' };

export const shapeOfSchema = (root: unknown): Shape => (isObject(root) ? { kind: 'schema', root, parts: expand(root, root, undefined, []) } : UNKNOWN);

export const listOf = (item: Shape): Shape => ({ kind: 'list', item });

/** One of several shapes. Without any, nothing is known. */
export const choiceOf = (of: Shape[]): Shape => (of.length === 1 ? of[0]! : of.length === 0 ? UNKNOWN : { kind: 'choice', of });

/** The names of its fields. */
export function fieldsOf(shape: Shape): string[] {
  switch (shape.kind) {
    case 'object':
      return [...shape.members.keys()];
    case 'choice':
      return [...new Set(shape.of.flatMap(fieldsOf))];
    case 'schema':
      return [...new Set(shape.parts.flatMap(({ properties }) => (isObject(properties) ? Object.keys(properties) : [])))];
    default:
      return [];
  }
}

/** What is known of a field, or of an item: the key is then a number. */
export function within(shape: Shape, key: string | number): Shape {
  switch (shape.kind) {
    case 'object':
      return (typeof key === 'string' && shape.members.get(key)) || UNKNOWN;
    case 'list':
      return typeof key === 'number' ? shape.item : UNKNOWN;
    case 'choice':
      return choiceOf(shape.of.map((one) => within(one, key)).filter(({ kind }) => kind !== 'unknown'));
    case 'schema':
      return { ...shape, parts: inside(shape.root, shape.parts, key) };
    default:
      return UNKNOWN;
  }
}

/** Its type in a word or two, or its description with the type. */
export function aboutShape(shape: Shape): string | undefined {
  switch (shape.kind) {
    case 'text':
      return '(text)';
    case 'scalar':
      return '(number, boolean or null)';
    case 'object':
      return '(object)';
    case 'list':
      return '(list)';
    case 'choice':
      return shape.of.map(aboutShape).find(Boolean);
    case 'schema':
      return aboutOf(shape.parts);
    default:
      return undefined;
  }
}

/** Whether it may be a list, as far as that is known. */
export function isList(shape: Shape): boolean {
  if (shape.kind === 'schema') return shape.parts.some(({ type }) => [type].flat().includes('array'));
  return shape.kind === 'list' || (shape.kind === 'choice' && shape.of.some(isList));
}
