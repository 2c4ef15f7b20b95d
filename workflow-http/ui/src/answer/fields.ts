// A form out of the JSON Schema of an answer, and the answer out of what was filled in.
import type { Fault } from '../api/types';
import { asLine, asText } from '../words';

export interface Field {
  /** The property; `null` when the answer is this one value. */
  name: string | null;
  label: string;
  description?: string;
  isRequired: boolean;
  kind: 'boolean' | 'choice' | 'number' | 'integer' | 'line' | 'text';
  /** Of a choice. */
  options: unknown[];
  /** It may be null, which is what it is when required and left empty. */
  isNullable: boolean;
  initial: string | boolean;
  /** Its type and limits, in words. */
  facts: string[];
}

/** What is filled in, by the name of the field: texts, the number of the chosen option, or whether it is ticked. */
export type Values = Record<string, string | boolean>;

type Schema = Record<string, unknown>;

/** Longer text than this gets room for several lines. */
const LINE = 120;

export const keyOf = (field: Field): string => field.name ?? '';

/** One field for each property, if all of them are flat; `null` for what only JSON can say. */
export function fieldsOf(schema: unknown): Field[] | null {
  if (!isObject(schema)) return null;
  if (!isObject(schema.properties)) {
    const only = fieldOf(null, schema, true);
    return only && [only];
  }
  if (schema.type !== undefined && schema.type !== 'object') return null;
  const required = Array.isArray(schema.required) ? schema.required : [];
  const properties = Object.entries(schema.properties);
  // What is required and not described can only be written as JSON.
  if (properties.length === 0 || required.some((name) => !properties.some(([one]) => one === name))) return null;
  const fields = properties.map(([name, property]) => fieldOf(name, property, required.includes(name)));
  return fields.every((field) => field !== null) ? fields : null;
}

function fieldOf(name: string | null, schema: unknown, isRequired: boolean): Field | null {
  if (!isObject(schema) || ['$ref', 'oneOf', 'anyOf', 'allOf', 'not', 'if'].some((word) => word in schema)) return null;
  const types = [schema.type].flat().filter((type) => type !== 'null');
  const isNullable = [schema.type].flat().includes('null');
  const options = 'const' in schema ? [schema.const] : Array.isArray(schema.enum) ? schema.enum : [];
  const kind = options.length > 0 ? 'choice' : types.length === 1 ? kindOf(types[0], schema) : null;
  if (kind === null || (kind === 'boolean' && isNullable)) return null;
  const field = { name, kind, options, isRequired, isNullable, label: text(schema.title) ?? name ?? 'Answer', description: text(schema.description) };
  return { ...field, initial: valueOf(kind, options, schema.default), facts: factsOf(kind, schema, name === null || isRequired) };
}

function kindOf(type: unknown, schema: Schema): Field['kind'] | null {
  if (type === 'boolean' || type === 'number' || type === 'integer') return type;
  if (type !== 'string') return null;
  const isShort = 'format' in schema || 'pattern' in schema || (typeof schema.maxLength === 'number' && schema.maxLength <= LINE);
  return isShort ? 'line' : 'text';
}

function factsOf(kind: Field['kind'], schema: Schema, isRequired: boolean): string[] {
  const word = { boolean: 'yes or no', choice: 'one of these', number: 'number', integer: 'whole number', line: text(schema.format) ?? 'text', text: 'text' }[kind];
  const limit = (name: string, words: string, unit = '') => (typeof schema[name] === 'number' ? [`${words} ${schema[name]}${unit}`] : []);
  return [
    word,
    ...limit('minimum', 'at least'),
    ...limit('maximum', 'at most'),
    ...limit('minLength', 'at least', ' characters'),
    ...limit('maxLength', 'at most', ' characters'),
    ...(kind === 'boolean' ? [] : [isRequired ? 'required' : 'optional']),
  ];
}

function valueOf(kind: Field['kind'], options: unknown[], value: unknown): string | boolean {
  if (kind === 'boolean') return value === true;
  if (kind !== 'choice') return value === undefined || value === null ? '' : asLine(value);
  const index = options.findIndex((option) => asLine(option) === asLine(value));
  return index >= 0 ? String(index) : options.length === 1 ? '0' : '';
}

export const initialValues = (fields: Field[]): Values => Object.fromEntries(fields.map((field) => [keyOf(field), field.initial]));

/** The answer, with a fault for each field that does not make a part of it. */
export function answerOf(fields: Field[], values: Values): { answer: unknown; faults: Fault[] } {
  const faults: Fault[] = [];
  const parts = fields.flatMap((field): [string, unknown][] => {
    const value = values[keyOf(field)] ?? field.initial;
    const refuse = (detail: string) => void faults.push({ code: 'not_sent', pointer: `#${pathOf(field)}`, detail });
    if (value === '') {
      if (!field.isRequired) return [];
      if (field.isNullable) return [[keyOf(field), null]];
      refuse(field.kind === 'choice' ? 'Choose one.' : 'Fill this in.');
      return [];
    }
    const part = partOf(field, value);
    if (part === undefined) refuse(field.kind === 'integer' ? 'Not a whole number.' : 'Not a number.');
    return [[keyOf(field), part]];
  });
  const [only] = fields;
  const answer = only?.name === null ? parts[0]?.[1] : Object.fromEntries(parts.filter(([, part]) => part !== undefined));
  return { answer, faults };
}

function partOf({ kind, options }: Field, value: string | boolean): unknown {
  if (kind === 'choice') return options[Number(value)];
  if (kind !== 'number' && kind !== 'integer') return value;
  const number = Number(value);
  return String(value).trim() === '' || !Number.isFinite(number) || (kind === 'integer' && !Number.isInteger(number)) ? undefined : number;
}

/** What the form shows of an answer that was written as JSON. */
export function valuesOf(fields: Field[], answer: unknown): Values {
  const of = (field: Field) => (field.name === null ? answer : isObject(answer) ? answer[field.name] : undefined);
  return Object.fromEntries(fields.map((field) => [keyOf(field), valueOf(field.kind, field.options, of(field))]));
}

const pathOf = (field: Field): string => (field.name === null ? '' : `/${field.name.replaceAll('~', '~0').replaceAll('/', '~1')}`);

/** The faults of this field; those of none are said beside the form. */
export const isOf = (field: Field, fault: Fault): boolean => {
  const path = decoded(fault.pointer.replace(/^#/, ''));
  return path === pathOf(field) || (field.name !== null && path.startsWith(`${pathOf(field)}/`));
};

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Something to begin with, for what has to be written as JSON. */
export function startOf(schema: unknown): string {
  return isObject(schema) && Object.keys(schema).length > 0 ? asJson(exampleOf(schema, 0)) : '';
}

function exampleOf(schema: unknown, depth: number): unknown {
  if (!isObject(schema) || depth > 8) return null;
  if ('default' in schema) return schema.default;
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const type = [schema.type].flat()[0] ?? ('properties' in schema ? 'object' : undefined);
  if (type !== 'object') return { array: [], string: '', number: schema.minimum ?? 0, integer: schema.minimum ?? 0, boolean: false }[String(type)] ?? null;
  const required = Array.isArray(schema.required) && schema.required.length > 0 ? schema.required : undefined;
  const parts = Object.entries(isObject(schema.properties) ? schema.properties : {});
  return Object.fromEntries(parts.filter(([name]) => !required || required.includes(name)).map(([name, part]) => [name, exampleOf(part, depth + 1)]));
}

/** JSON as it is written: a string in quotes. */
export const asJson = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : asText(value));

/** What a text is sent as. Where any answer will do, what is not JSON is text. */
export function written(source: string, isAnything: boolean): { answer: unknown; isText: boolean; fault?: string } {
  try {
    return { answer: JSON.parse(source) as unknown, isText: false };
  } catch {
    if (isAnything && !/^\s*[[{"]/.test(source)) return { answer: source, isText: true };
    return { answer: undefined, isText: false, fault: source.trim() === '' ? 'Write the answer as JSON.' : 'This is not JSON.' };
  }
}

const isObject = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
