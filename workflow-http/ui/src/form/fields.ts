// Builds a form from a JSON Schema.
import { isObject, own } from '../base/ownProperty';
import { asLine } from '../base/format';

interface Named {
  /** The property; `null` for the whole value and for an item of a list. */
  name: string | null;
  label: string;
  description?: string;
  isRequired: boolean;
  /** It may be null, which is what it is when required and left empty. */
  isNullable: boolean;
  /** Its type and limits, in words. */
  facts: string[];
}

/** One value in one control. A value that no other control supports is written as JSON. */
export interface Flat extends Named {
  kind: 'boolean' | 'choice' | 'number' | 'integer' | 'line' | 'text' | 'json';
  /** Of a choice. */
  options: unknown[];
  initial: string;
  maxLength?: number;
}

export interface Group extends Named {
  kind: 'group';
  fields: Field[];
}

export interface List extends Named {
  kind: 'list';
  item: Field;
  maxItems?: number;
}

export type Field = Flat | Group | List;

type Schema = Record<string, unknown>;

/** Text that may be longer than this gets several lines. */
const LINE = 120;
/** What is nested deeper is written as JSON. */
const DEEPEST = 4;

/** `null` for a schema that a form supports no better than a JSON field. */
export function formOf(schema: unknown): Field | null {
  const field = fieldOf(null, schema, true, 0);
  return field.kind === 'json' ? null : field;
}

function fieldOf(name: string | null, schema: unknown, isRequired: boolean, depth: number): Field {
  const known = isObject(schema) ? schema : {};
  const types = [known.type].flat();
  const named = {
    name,
    label: text(known.title) ?? name ?? 'Answer',
    description: text(known.description),
    isRequired,
    isNullable: types.includes('null'),
  };
  const kind = kindOf(
    known,
    types.filter((type) => type !== 'null'),
    depth,
  );
  const facts = factsOf(kind, known, isRequired);
  if (kind === 'group') return { ...named, kind, facts, fields: partsOf(known, depth) };
  if (kind === 'list') return { ...named, kind, facts, item: fieldOf(null, known.items, true, depth + 1), maxItems: number(known.maxItems) };
  const options = 'const' in known ? [known.const] : Array.isArray(known.enum) ? known.enum : [];
  return { ...named, kind, facts, options, initial: writtenAs(kind, options, known.default), maxLength: number(known.maxLength) };
}

const MIXED = ['$ref', 'oneOf', 'anyOf', 'allOf', 'not', 'if'];

function kindOf(schema: Schema, types: unknown[], depth: number): Field['kind'] {
  if (MIXED.some((word) => word in schema)) return 'json';
  if ('const' in schema || (Array.isArray(schema.enum) && schema.enum.length > 0)) return 'choice';
  if (isObject(schema.properties) && Object.keys(schema.properties).length > 0 && (types[0] ?? 'object') === 'object')
    return depth < DEEPEST ? 'group' : 'json';
  if (types.length !== 1) return 'json';
  const [type] = types;
  if (type === 'array') return depth < DEEPEST && isObject(schema.items) && !Array.isArray(schema.prefixItems) ? 'list' : 'json';
  if (type === 'boolean' || type === 'number' || type === 'integer') return type;
  if (type !== 'string') return 'json';
  const isShort = 'format' in schema || 'pattern' in schema || (typeof schema.maxLength === 'number' && schema.maxLength <= LINE);
  return isShort ? 'line' : 'text';
}

/** Those that are described, and those that are only required. */
function partsOf(schema: Schema, depth: number): Field[] {
  const properties = schema.properties as Schema;
  const required = Array.isArray(schema.required) ? schema.required.filter((name) => typeof name === 'string') : [];
  const names = [...new Set([...Object.keys(properties), ...required])];
  return names.map((name) => fieldOf(name, own(properties, name), required.includes(name), depth + 1));
}

const WORDS = {
  boolean: 'yes or no',
  choice: 'one of these',
  number: 'number',
  integer: 'whole number',
  line: 'text',
  text: 'text',
  json: 'JSON',
  group: '',
  list: 'list',
};

function factsOf(kind: Field['kind'], schema: Schema, isRequired: boolean): string[] {
  const limit = (name: string, words: string, unit = '') => (typeof schema[name] === 'number' ? [`${words} ${schema[name]}${unit}`] : []);
  return [
    (kind === 'line' && text(schema.format)) || WORDS[kind],
    ...limit('minimum', 'at least'),
    ...limit('maximum', 'at most'),
    ...limit('minLength', 'at least', ' characters'),
    ...limit('maxLength', 'at most', ' characters'),
    ...limit('minItems', 'at least'),
    ...limit('maxItems', 'at most'),
    isRequired ? 'required' : 'optional',
  ].filter(Boolean);
}

/** The value as the string in its control, or the index of an option. */
export function writtenAs(kind: Flat['kind'], options: unknown[], value: unknown): string {
  if (kind === 'choice') {
    const index = options.findIndex((option) => asLine(option) === asLine(value));
    return index >= 0 ? String(index) : options.length === 1 ? '0' : '';
  }
  if (value === undefined || value === null) return '';
  return kind === 'json' ? JSON.stringify(value, null, 2) : asLine(value);
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
