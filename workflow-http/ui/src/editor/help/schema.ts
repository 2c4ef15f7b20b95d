// What a JSON Schema says of a place in a text: which names may stand there, which values, and what they mean.
import { isObject, own } from '../../base/ownProperty';
import { JSON_SCHEMA } from './jsonSchema';

export type Schema = Record<string, unknown>;
export type Path = (string | number)[];

export interface Option {
  /** As it is written in JSON. */
  text: string;
  about?: string;
  /** Of a name: the JSON its value begins with. */
  start?: string;
  isRequired?: boolean;
}

/** The schemas that apply at a path of `value`, which may be unfinished. */
export function schemasAt(root: Schema, value: unknown, path: Path): Schema[] {
  let here = expand(root, root, value, []);
  for (const step of path) {
    value = own(value, step);
    here = inside(root, here, step, value);
  }
  return here;
}

/** What a schema says of the places on the way to a path. */
export interface Way {
  /** Where the path leads into lists of nodes: the positions of the indexes. */
  nodes: number[];
  /** What is read after the last of them, besides what its node sees. */
  reads: unknown[];
}

export function wayTo(root: Schema, value: unknown, path: Path): Way {
  const way: Way = { nodes: [], reads: [] };
  let here = expand(root, root, value, []);
  path.forEach((step, at) => {
    if (typeof step === 'number' && here.some((schema) => schema['x-workflow'] === 'nodes')) {
      way.nodes.push(at);
      way.reads = [];
    }
    value = own(value, step);
    here = inside(root, here, step, value);
    way.reads.push(...here.flatMap((schema) => schema['x-workflow-reads'] ?? []));
  });
  return way;
}

/** The schemas of a field, or of an item, of what fits all these schemas. */
export const inside = (root: Schema, schemas: Schema[], step: string | number, value?: unknown): Schema[] =>
  schemas.flatMap((schema) => insideOf(schema, step)).flatMap((schema) => expand(root, schema, value, []));

/** The names that an object at this path can still have. */
export function namesAt(root: Schema, value: unknown, path: Path): Option[] {
  const schemas = schemasAt(root, value, path);
  const there = valueAt(value, path);
  const known = new Set(isObject(there) ? Object.keys(there) : []);
  const required = new Set(schemas.flatMap(({ required }) => (Array.isArray(required) ? required : [])));
  const names = new Map<string, Option>();
  for (const { properties } of schemas) {
    for (const name of Object.keys(isObject(properties) ? properties : {})) {
      if (known.has(name) || names.has(name)) continue;
      const inside = schemasAt(root, value, [...path, name]);
      names.set(name, { text: JSON.stringify(name), about: aboutOf(inside), start: startOf(inside), isRequired: required.has(name) });
    }
  }
  return [...names.values()];
}

/** The values that are listed for this path. */
export function valuesAt(root: Schema, value: unknown, path: Path): Option[] {
  const texts = new Map<string, Option>();
  const add = (value: unknown, about?: string) => {
    const text = JSON.stringify(value);
    if (!texts.has(text)) texts.set(text, { text, about });
  };
  for (const schema of schemasAt(root, value, path)) {
    if (Array.isArray(schema.enum)) for (const one of schema.enum) add(one, aboutOf(dataOf(root, one)));
    else if ('const' in schema) add(schema.const, text(schema.description));
    else if ([schema.type].flat().includes('boolean')) for (const one of [true, false]) add(one);
  }
  return [...texts.values()];
}

const MARKS = new Map([
  ['template', 'a template'],
  ['expression', 'an expression'],
  ['json', 'JSON with templates'],
  ['schema', 'a JSON Schema'],
]);

/** What a place is for, in a sentence or two, with its type and limits. */
export function aboutOf(schemas: Schema[]): string | undefined {
  const sentence = schemas.map(({ description }) => text(description)).find((one) => one !== undefined);
  const types = [...new Set(schemas.flatMap(({ type }) => [type].flat()).filter((type) => typeof type === 'string' && type !== 'null'))];
  const mark = schemas.map((schema) => MARKS.get(String(schema['x-workflow']))).find(Boolean);
  const limits = schemas.flatMap((schema) => [
    ...(typeof schema.minimum === 'number' ? [`at least ${schema.minimum}`] : []),
    ...(typeof schema.maximum === 'number' ? [`at most ${schema.maximum}`] : []),
  ]);
  const facts = [mark ?? types.join(' or '), ...new Set(limits)].filter(Boolean).join(', ');
  return [sentence?.replaceAll(/\s*\n\s*/g, ' '), facts && `(${facts})`].filter(Boolean).join(' ') || undefined;
}

/** What the data of a node type is for. */
export const dataOf = (root: Schema, type: unknown): Schema[] => {
  const data = own(root.$defs, `${String(type)}.data`);
  return isObject(data) ? [{ description: data.description }] : [];
};

const STARTS = new Map([
  ['string', '""'],
  ['object', '{}'],
  ['array', '[]'],
]);

const startOf = (schemas: Schema[]): string => {
  const type = schemas.flatMap(({ type }) => [type].flat()).find((one) => typeof one === 'string' && one !== 'null');
  return STARTS.get(String(type)) ?? '';
};

/** A schema and all that it refers to, joins or offers. Conditions are decided by what is written. `through`: the references on the way. */
export function expand(root: Schema, schema: unknown, value: unknown, through: string[]): Schema[] {
  if (!isObject(schema)) return [];
  const next = (one: unknown) => expand(root, one, value, through);
  const list = (name: string) => (Array.isArray(schema[name]) ? schema[name].flatMap(next) : []);
  const condition = isObject(schema.if) ? next(matches(schema.if, value) ? schema.then : schema.else) : [];
  const written = schema['x-workflow'] === 'schema' ? expand(JSON_SCHEMA, JSON_SCHEMA, value, []) : [];
  return [schema, ...targets(root, schema.$ref, value, through), ...list('allOf'), ...list('anyOf'), ...list('oneOf'), ...condition, ...written];
}

/** A reference that leads back to itself says nothing more. */
function targets(root: Schema, reference: unknown, value: unknown, through: string[]): Schema[] {
  if (typeof reference !== 'string' || through.includes(reference)) return [];
  return expand(root, targetOf(root, reference), value, [...through, reference]);
}

const targetOf = (root: Schema, reference: string): unknown =>
  reference
    .replace(/^#\/?/, '')
    .split('/')
    .filter(Boolean)
    .reduce<unknown>((part, name) => own(part, name), root);

/** Whether the properties that a condition names are what it says. */
function matches(condition: Schema, value: unknown): boolean {
  const wanted = Object.entries(isObject(condition.properties) ? condition.properties : {});
  return isObject(value) && wanted.every(([name, property]) => isObject(property) && property.const === own(value, name));
}

/** The parts of a JSON Schema in a workflow are JSON Schemas, too. */
function insideOf({ properties, additionalProperties, items }: Schema, step: string | number): unknown[] {
  if (typeof step === 'number') return [items];
  return [own(properties, step) ?? additionalProperties];
}

/** The value at a path. */
export const valueAt = (value: unknown, path: Path): unknown => path.reduce<unknown>((part, step) => own(part, step), value);

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
