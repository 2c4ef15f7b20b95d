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

/** One of several objects, which differ in the value of one property. */
export interface Variants extends Named {
  kind: 'variants';
  /** The property that says which. */
  pick: string;
  options: { label: string; value: unknown; form: Group }[];
}

export type Field = Flat | Group | List | Variants;

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
  const variants = variantsOf(known, depth);
  if (variants) return { ...named, kind: 'variants', facts: [isRequired ? 'required' : 'optional'], ...variants };
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

/** Of a `oneOf` whose objects all have a `const` in the same property. */
function variantsOf(schema: Schema, depth: number): Pick<Variants, 'pick' | 'options'> | undefined {
  const all: unknown = schema.oneOf;
  if (!Array.isArray(all) || all.length === 0 || depth >= DEEPEST) return undefined;
  const propertiesOf = (one: unknown) => ({ ...object(schema.properties), ...object(own(one, 'properties')) });
  const choose = (one: unknown, name: string) => object(own(propertiesOf(one), name));
  const pick = Object.keys(propertiesOf(all[0])).find((name) => all.every((one) => 'const' in choose(one, name)));
  if (pick === undefined) return undefined;
  const options = all.map((one) => {
    const { [pick]: _, ...properties } = propertiesOf(one);
    const required = [schema.required, own(one, 'required')].flat().filter((name) => name !== pick);
    const value = choose(one, pick).const;
    const label = text(choose(one, pick).title) ?? text(own(one, 'title')) ?? asLine(value);
    const named = { name: null, label, isRequired: true, isNullable: false, facts: [] };
    return { label, value, form: { ...named, kind: 'group' as const, fields: partsOf({ properties, required }, depth) } };
  });
  return { pick, options };
}

const object = (value: unknown): Schema => (isObject(value) ? value : {});

const MIXED = ['$ref', 'oneOf', 'anyOf', 'allOf', 'not', 'if'];

function kindOf(schema: Schema, types: unknown[], depth: number): Exclude<Field['kind'], 'variants'> {
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

function factsOf(kind: keyof typeof WORDS, schema: Schema, isRequired: boolean): string[] {
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
