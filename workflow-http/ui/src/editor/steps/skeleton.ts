// A new node of a type, with the fields that its schema requires or gives an example of.
import { hintsOf, type Types } from '../../api/nodeTypes';
import { isObject, own } from '../../base/ownProperty';
import { expand, inside, type Path, type Schema } from '../help/schema';
import { fieldsOf, isList, within } from '../help/shape';
import { implicitInputAt, seenAt, variableOf, type Known } from '../help/sight';
import { layOut } from '../layOut';
import { scan, type Range } from '../scan';

/** A node as text, and the parts of it that a person fills in. */
export interface Skeleton {
  id: string;
  text: string;
  fields: Range[];
}

export interface Place {
  known: Known;
  types: Types;
  spec: unknown;
  /** Of the new node, as if it were there already: `['nodes', 2]`. */
  path: Path;
}

/** What a field holds, and which part of a text in it is to be filled in. */
interface Filled {
  value: unknown;
  /** Within the text at the end of `at`, a JSON pointer into the value. */
  fill?: Range;
  at?: string;
}

/** A node that needs these, or what its place in the list says. */
export function skeletonOf(type: string, place: Place, needs?: string[], indent = ''): Skeleton {
  const { node, fills } = nodeOf(type, place, idsIn(place.spec));
  const written = needs ? { id: node.id, type: node.type, needs, ...node } : node;
  const text = layOut(written, indent);
  const { spans } = scan(text);
  const fields = [...fills].flatMap(([pointer, fill]) => {
    const at = spans?.get(pointer)?.from;
    return at === undefined ? [] : [{ from: at + 1 + fill.from, to: at + 1 + fill.to }];
  });
  return { id: String(node.id), text, fields: fields.sort((one, other) => one.from - other.from) };
}

/** The node types that the server has. */
export function typesOf({ language }: Known): string[] {
  const names = own(own(language.$defs, 'NodeTypeName'), 'enum');
  return Array.isArray(names) ? names.map(String) : [];
}

type Node = Record<string, unknown>;

function nodeOf(type: string, place: Place, taken: Set<string>): { node: Node; fills: Map<string, Range> } {
  const id = idFor(type, place.types, taken);
  taken.add(id);
  const fills = new Map<string, Range>();
  const data: Node = {};
  for (const [name, schema] of fieldsIn(type, place.known)) {
    const at = `/data/${name}`;
    const isTools = hasTools(place.known, schema);
    if (isTools || schema['x-workflow'] === 'nodes') {
      const tool = { name: 'look_up', description: 'Finds what the answer needs.', input: INPUT, nodes: [] as Node[] };
      if (isTools) data[name] = [tool];
      const inner = innerOf({ id, type, data }, isTools ? [name, 0, 'nodes', 0] : [name, 0], place, taken);
      const list = isTools ? `${at}/0/nodes` : at;
      for (const [pointer, fill] of inner.fills) fills.set(`${list}/0${pointer}`, fill);
      if (isTools) {
        fills.set(`${at}/0/name`, { from: 0, to: tool.name.length });
        fills.set(`${at}/0/description`, { from: 0, to: tool.description.length });
      }
      data[name] = isTools ? [{ ...tool, nodes: [inner.node] }] : [inner.node];
      continue;
    }
    const { value, fill, at: inside = '' } = filledBy(schema, place);
    data[name] = value;
    if (fill) fills.set(at + inside, fill);
  }
  return { node: { id, type, ...(Object.keys(data).length > 0 ? { data } : {}) }, fills };
}

/** The arguments of a new tool. */
const INPUT = { type: 'object', properties: { question: { type: 'string' } }, required: ['question'] };

/** Whether a field lists things that have nodes of their own. */
const hasTools = ({ language }: Known, schema: Schema): boolean =>
  inside(language, [schema], 0).some(({ properties }) =>
    Object.values(isObject(properties) ? properties : {}).some((part) => expand(language, part, undefined, []).some((one) => one['x-workflow'] === 'nodes')),
  );

/** Whether a field is a list of nodes, or of things that have nodes. */
const hasNodes = (known: Known, schema: Schema): boolean => schema['x-workflow'] === 'nodes' || hasTools(known, schema);

/** The only node of a new container or tool, of a type that contains none and is read like text. `at`: from its data. */
function innerOf(container: Node, at: Path, place: Place, taken: Set<string>) {
  const spec = withNode(place.spec, place.path, container);
  const path = [...place.path, 'data', ...at];
  const names = typesOf(place.known);
  const leaves = names.filter((name) => !fieldsIn(name, place.known).some(([, schema]) => hasNodes(place.known, schema)));
  const inner = leaves.find((name) => hintsOf(name, place.types).streams_text) ?? leaves[0]!;
  return nodeOf(inner, { ...place, spec: withNode(spec, path, {}), path }, taken);
}

/** The fields that a new node has, in the order of its schema. Bodies come last. */
function fieldsIn(type: string, known: Known): [string, Schema][] {
  const { language } = known;
  const schema = own(language.$defs, `${type}.data`);
  const required = own(schema, 'required');
  const properties = own(schema, 'properties');
  const fields = Object.entries(isObject(properties) ? properties : {}).filter((entry): entry is [string, Schema] => isObject(entry[1]));
  const isBody = ([, property]: [string, Schema]) => hasNodes(known, property);
  const isIn = (field: [string, Schema]) => (Array.isArray(required) && required.includes(field[0])) || field[1].examples !== undefined || isBody(field);
  return fields.filter(isIn).sort((one, other) => Number(isBody(one)) - Number(isBody(other)));
}

const all = (value: string): Filled => ({ value, fill: { from: 0, to: JSON.stringify(value).length - 2 } });

function filledBy(schema: Schema, place: Place): Filled {
  const [example] = Array.isArray(schema.examples) ? (schema.examples as unknown[]) : [];
  const input = implicitInputAt(place.known, place.spec, place.path);
  switch (schema['x-workflow']) {
    case 'template':
    case 'json':
      return filledTemplate(example ?? '{{ input }}', input);
    case 'expression':
      return all(typeof example === 'string' ? example : (listIn(place) ?? input));
    default:
      return plainValue(schema, example);
  }
}

/** The example reads the input; here it reads what comes before. What stands before that is to be filled in, or else all of it. */
function filledTemplate(example: unknown, input: string): Filled {
  if (isObject(example)) {
    const members = Object.entries(example).map(([name, member]) => [name, filledTemplate(member, input)] as const);
    const [first] = members;
    return {
      value: Object.fromEntries(members.map(([name, { value }]) => [name, value])),
      ...(first && { fill: first[1].fill, at: `/${first[0]}${first[1].at ?? ''}` }),
    };
  }
  if (typeof example !== 'string') return { value: example };
  const [before = '', ...after] = example.split('{{ input }}');
  const value = [before, ...after].join(`{{ ${input} }}`);
  return before === '' || after.length === 0 ? all(value) : { value, fill: { from: 0, to: JSON.stringify(before.trimEnd()).length - 2 } };
}

function plainValue(schema: Schema, example: unknown): Filled {
  const choices = Array.isArray(schema.enum) ? (schema.enum as unknown[]) : [];
  const value = example ?? schema.const ?? choices[0] ?? schema.default ?? schema.minimum;
  if (value !== undefined && typeof value !== 'string') return { value };
  const type = [schema.type].flat()[0];
  if (value === undefined && type === 'object') return { value: {} };
  if (value === undefined && type === 'array') return { value: [] };
  if (value === undefined && type === 'boolean') return { value: false };
  if (value === undefined && (type === 'integer' || type === 'number')) return { value: 1 };
  return all(typeof value === 'string' ? value : '');
}

/** The nearest list that can be read. */
function listIn({ known, spec, path }: Place): string | undefined {
  for (const { name, shape, isNode } of seenAt(known, spec, path)) {
    const value = isNode ? `${name}.output` : name;
    if (isList(shape)) return value;
    const field = fieldsOf(shape).find((field) => isList(within(shape, field)));
    if (field) return `${value}.${field}`;
  }
  return undefined;
}

/** Ids that say what nodes do. The page knows the control nodes; a node whose text is read answers. */
const IDS = new Map([
  ['MapNode', 'each'],
  ['LoopNode', 'rounds'],
  ['WorkflowNode', 'call'],
  ['AgentNode', 'agent'],
  ['HumanNode', 'review'],
  ['DelayNode', 'wait'],
]);

/** Names with a meaning of their own in templates. */
const RESERVED = ['input', 'args', 'item', 'index', 'previous', 'loop', 'range', 'null', 'none', 'true', 'false', 'and', 'or', 'not', 'is', 'in', 'if', 'else'];

function idFor(type: string, types: Types, taken: Set<string>): string {
  const { label, streams_text } = hintsOf(type, types);
  const named = (label ?? type.replace(/Node$/, '')).toLowerCase().replaceAll(/\W+/g, '_');
  const base = IDS.get(type) ?? (streams_text ? 'answer' : /^[a-z_]/.test(named) ? named : 'step');
  for (let count = 1; ; count += 1) {
    const id = count === 1 ? base : `${base}_${count}`;
    if (!taken.has(variableOf(id)) && !RESERVED.includes(id)) return id;
  }
}

/** All ids of a specification and the names that maps give their items, as templates write them. */
function idsIn(value: unknown): Set<string> {
  const found = new Set<string>();
  const visit = (part: unknown) => {
    if (typeof part !== 'object' || part === null) return;
    for (const name of ['id', 'as']) {
      const id = own(part, name);
      if (typeof id === 'string') found.add(variableOf(id));
    }
    Object.values(part).forEach(visit);
  };
  visit(value);
  return found;
}

/** The specification with a further node in a list. */
export function withNode(spec: unknown, path: Path, node: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return node;
  if (typeof step === 'number') {
    const list = Array.isArray(spec) ? (spec as unknown[]) : [];
    return rest.length === 0 ? list.toSpliced(step, 0, node) : list.with(step, withNode(list[step], rest, node));
  }
  const holder = isObject(spec) ? spec : {};
  return { ...holder, [step]: withNode(holder[step], rest, node) };
}
