// The content of a form, and the JSON it produces.
import type { Fault } from '../api/types';
import { isObject, own } from '../base/ownProperty';
import { asText } from '../base/format';
import { writtenAs, type Field, type Flat, type Variants } from './fields';

/** The shape of the form with a string for each control. */
export type Value = string | Value[] | { [name: string]: Value };

export function initialOf(field: Field): Value {
  if (field.kind === 'group') return Object.fromEntries(field.fields.map((part) => [part.name!, initialOf(part)]));
  if (field.kind === 'variants') return { pick: '', of: field.options.map(({ form }) => initialOf(form)) };
  return field.kind === 'list' ? [] : field.initial;
}

/** Which of the variants is chosen, if one is, and what is filled in for it. */
export function chosenOf(
  field: Variants,
  value: Value | undefined,
): { option: Variants['options'][number]; value: Value | undefined; index: number } | undefined {
  const pick = partOf(value, 'pick');
  const index = pick === undefined || pick === '' ? -1 : Number(pick);
  const option = field.options[index];
  return option && { option, value: own(partOf(value, 'of'), index) as Value | undefined, index };
}

/** With something filled in for a property, in all variants that have it. */
export function filledIn(field: Variants, value: Value, name: string, json: unknown): Value {
  const of = field.options.map(({ form }, index) => {
    const filled = own(partOf(value, 'of'), index) as Value | undefined;
    const part = form.fields.find((part) => part.name === name);
    return part ? { ...(filled as object), [name]: valueFrom(part, json) } : (filled ?? initialOf(form));
  });
  return { pick: '', ...(value as object), of };
}

/** What the form shows of a value. */
export function valueFrom(field: Field, json: unknown): Value {
  if (field.kind === 'group') return Object.fromEntries(field.fields.map((part) => [part.name!, valueFrom(part, own(json, part.name!))]));
  if (field.kind === 'list') return Array.isArray(json) ? json.map((item: unknown) => valueFrom(field.item, item)) : [];
  if (field.kind === 'variants') {
    const index = field.options.findIndex(({ value }) => asText(value) === asText(own(json, field.pick)));
    return { pick: index < 0 ? '' : String(index), of: field.options.map(({ form }, at) => valueFrom(form, at === index ? json : undefined)) };
  }
  return writtenAs(field.kind, field.options, json);
}

/** The code of what is not filled in yet. */
export const MISSING = 'missing';

export interface Made {
  /** `undefined`: it is left out. */
  json: unknown;
  faults: Fault[];
}

/** The JSON of a form, and a fault for each control without a valid value. `at`: its JSON pointer. */
export function jsonOf(field: Field, value: Value | undefined, at = ''): Made {
  if (isBlank(field, value) && (!field.isRequired || field.isNullable)) return { json: field.isRequired ? null : undefined, faults: [] };
  if (field.kind === 'group') {
    const made = field.fields.map((part) => [part.name!, jsonOf(part, partOf(value, part.name!), pointerTo(at, part.name!))] as const);
    const json = Object.fromEntries(made.filter(([, { json }]) => json !== undefined).map(([name, { json }]) => [name, json]));
    return { json, faults: made.flatMap(([, { faults }]) => faults) };
  }
  if (field.kind === 'list') {
    const made = (Array.isArray(value) ? value : []).map((item, index) => jsonOf(field.item, item, pointerTo(at, String(index))));
    return { json: made.map(({ json }) => json), faults: made.flatMap(({ faults }) => faults) };
  }
  if (field.kind === 'variants') {
    const chosen = chosenOf(field, value);
    if (!chosen) return { json: undefined, faults: [{ code: MISSING, pointer: `#${pointerTo(at, field.pick)}`, detail: 'Choose one.' }] };
    const { json, faults } = jsonOf(chosen.option.form, chosen.value, at);
    return { json: { [field.pick]: chosen.option.value, ...(json as object) }, faults };
  }
  return flatOf(field, typeof value === 'string' ? value : '', at);
}

function flatOf({ kind, options }: Flat, value: string, at: string): Made {
  const refuse = (detail: string, code = 'not_this'): Made => ({ json: undefined, faults: [{ code, pointer: `#${at}`, detail }] });
  if (value === '') return refuse(kind === 'choice' || kind === 'boolean' ? 'Choose one.' : 'Fill this in.', MISSING);
  switch (kind) {
    case 'boolean':
      return { json: value === 'true', faults: [] };
    case 'choice':
      return { json: options[Number(value)], faults: [] };
    case 'json':
      return asParsed(value) ?? refuse('This is not JSON.');
    case 'number':
    case 'integer': {
      const number = Number(value);
      const isOne = value.trim() !== '' && Number.isFinite(number) && (kind === 'number' || Number.isInteger(number));
      return isOne ? { json: number, faults: [] } : refuse(kind === 'integer' ? 'Not a whole number.' : 'Not a number.');
    }
    default:
      return { json: value, faults: [] };
  }
}

function asParsed(text: string): Made | undefined {
  try {
    return { json: JSON.parse(text) as unknown, faults: [] };
  } catch {
    return undefined;
  }
}

/** Nothing was filled in. A control with only one possible value does not count. */
function isBlank(field: Field, value: Value | undefined): boolean {
  if (field.kind === 'group') return field.fields.every((part) => isBlank(part, partOf(value, part.name!)));
  if (field.kind === 'list') return !Array.isArray(value) || value.length === 0;
  if (field.kind === 'variants') return chosenOf(field, value) === undefined;
  return value === undefined || value === '' || (field.kind === 'choice' && field.options.length === 1 && !field.isRequired);
}

export const partOf = (value: Value | undefined, name: string): Value | undefined =>
  Array.isArray(value) ? undefined : (own(value, name) as Value | undefined);

export const pointerTo = (at: string, name: string): string => `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** Whether a fault is of the value at `at`, not of something else in the form. */
export const isAt = (at: string, fault: Fault): boolean => pathOf(fault) === at;

/** Whether a fault is said somewhere in this field. */
export function isIn(field: Field, at: string, fault: Fault): boolean {
  const path = pathOf(fault);
  if (path === at) return true;
  if (!path.startsWith(`${at}/`)) return false;
  if (field.kind === 'group') return field.fields.some((part) => isIn(part, pointerTo(at, part.name!), fault));
  if (field.kind !== 'list') return true;
  const index = /^\d+/.exec(path.slice(at.length + 1))?.[0];
  return index !== undefined && isIn(field.item, `${at}/${index}`, fault);
}

function pathOf({ pointer }: Fault): string {
  const path = pointer.replace(/^#/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Initial text for a value that has to be written as JSON. */
export function startOf(schema: unknown): string {
  return isObject(schema) && Object.keys(schema).length > 0 ? asJson(exampleOf(schema, 0)) : '';
}

function exampleOf(schema: unknown, depth: number): unknown {
  if (!isObject(schema) || depth > 8) return null;
  if ('default' in schema) return schema.default;
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const type = [schema.type].flat()[0] ?? ('properties' in schema ? 'object' : undefined);
  if (type !== 'object') return own({ array: [], string: '', number: schema.minimum ?? 0, integer: schema.minimum ?? 0, boolean: false }, String(type)) ?? null;
  const required = Array.isArray(schema.required) && schema.required.length > 0 ? schema.required : undefined;
  const parts = Object.entries(isObject(schema.properties) ? schema.properties : {});
  return Object.fromEntries(parts.filter(([name]) => !required || required.includes(name)).map(([name, part]) => [name, exampleOf(part, depth + 1)]));
}

/** Whether two values are the same JSON, in any order of names. */
export const isSameJson = (one: unknown, other: unknown): boolean => inOrder(one) === inOrder(other);

const inOrder = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1))) : part,
  );

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
