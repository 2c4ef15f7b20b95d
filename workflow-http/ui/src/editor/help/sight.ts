// What a template or expression can name from where it stands, and what is known of it. The rules are those of the server's check:
// a node reads its ancestors, the result of a list reads all nodes of the list, and a body sees what its container sees.
import { isObject, own } from '../../base/ownProperty';
import { ON_FAILURE } from '../../run/outline';
import { caseOf, needsOf as needsOfNode } from '../needs';
import { valueAt, wayTo, type Path, type Schema } from './schema';
import { aboutShape, choiceOf, listOf, SCALAR, shapeOfSchema, TEXT, UNKNOWN, within, type Shape } from './shape';

/** What the server knows beside the text. */
export interface Known {
  /** The JSON Schema of workflows. */
  language: Schema;
  /** The specifications of called workflows, by name or id. */
  called: ReadonlyMap<string, unknown>;
}

export interface Seen {
  /** As templates write it. */
  name: string;
  about: string;
  shape: Shape;
  /** A node has `output`, `status` and more; every other name is a value. */
  isNode: boolean;
}

/** A list of nodes: of the workflow, or of a body. */
interface List {
  known: Known;
  spec: unknown;
  nodes: unknown[];
  /** The specification, the data of the container, or the tool. */
  holder: unknown;
  /** It is the list of a tool: its nodes read the arguments of the call. */
  isTool?: boolean;
  /** The node that contains the list. */
  container: Reader | undefined;
}

/** A node of a list, by its index, or the result of the list. */
interface Reader {
  list: List;
  index: number | undefined;
  /** It reads when the node has completed, so the node itself, too. */
  isAfter?: boolean;
}

/** The longest way through outputs that refer to each other. */
const DEEPEST = 12;

/** All names that can be read at a path. An inner name hides an outer one. */
export function seenAt(known: Known, spec: unknown, path: Path): Seen[] {
  const seen = new Map<string, Seen>();
  const add = (one: Seen) => seen.has(one.name) || seen.set(one.name, one);
  for (let reader: Reader | undefined = readerAt(known, spec, path); reader; reader = reader.list.container) {
    for (const index of readable(reader)) add(nodeSeen(reader.list, index));
    for (const local of localsOf(reader.list, 0)) add(local);
  }
  add({ name: 'input', about: described('The input of the run.', inputOf(spec)), shape: inputOf(spec), isNode: false });
  const run = runShape(known);
  if (run) add({ name: 'run', about: 'The run itself.', shape: run, isNode: false });
  return [...seen.values()];
}

/** What templates can read of the run, as the language lists it. */
function runShape({ language }: Known): Shape | undefined {
  const fields = own(own(language, 'x-templates'), 'run');
  if (!isObject(fields)) return undefined;
  const properties = Object.entries(fields).map(([name, description]) => [name, { type: 'string', description }]);
  return shapeOfSchema({ type: 'object', properties: Object.fromEntries(properties) });
}

/** What is known of the value of an expression, if it is a path such as `a.output.items[0]`. */
export function shapeOfExpression(known: Known, spec: unknown, path: Path, source: string): Shape {
  return ofExpression(readerAt(known, spec, path), source, 0);
}

/** The keys of a path, or nothing if the expression is more than that. */
export function keysOf(source: string): (string | number)[] | undefined {
  if (!/^\s*[A-Za-z_]\w*(?:\.\w+|\[\d+\]|\['[^']*'\])*\s*$/.test(source)) return undefined;
  return [...source.matchAll(/\['([^']*)'\]|\[(\d+)\]|(\w+)/g)].map(([, quoted, index, name]) => quoted ?? (index === undefined ? name! : Number(index)));
}

/** The result of a whole workflow. */
export const resultOf = (known: Known, spec: unknown, depth = 0): Shape => ofResult(topOf(known, spec), depth);

/** The index of the only node that a node needs, if it needs one; `undefined` if it needs none or several. */
export function onlyNeed(nodes: unknown[], index: number): number | undefined {
  const needs = needsOf(nodes, index);
  return needs.length === 1 ? needs[0] : undefined;
}

/** Whether a node needs another one, directly or through others. */
export function isAncestor(nodes: unknown[], of: number, index: number): boolean {
  return ancestorsOf(nodes, of).has(index);
}

export const variableOf = (id: string): string => id.replaceAll('-', '_');

const topOf = (known: Known, spec: unknown): List => ({ known, spec, nodes: nodesOf(spec), holder: spec, container: undefined });

/** A list inside a node: its body, or that of a tool. `holder`: from the node to what has the list. */
function bodyOf(list: List, index: number, holder: Path = ['data']): List {
  const held = valueAt(list.nodes[index], holder);
  const isTool = typeof holder.at(-1) === 'number';
  return { known: list.known, spec: list.spec, nodes: nodesOf(held), holder: held, isTool, container: { list, index } };
}

function readerAt(known: Known, spec: unknown, path: Path): Reader {
  const { nodes, reads } = wayTo(known.language, spec, path);
  const top = topOf(known, spec);
  let list = path[0] === ON_FAILURE ? onFailureOf(top) : top;
  let index: number | undefined;
  let before = 0;
  for (const at of nodes) {
    if (index !== undefined) list = bodyOf(list, index, path.slice(before + 1, at - 1));
    index = path[at] as number;
    before = at;
  }
  if (index === undefined) return { list, index };
  const within = path.slice(before + 1);
  if (reads.includes('body')) return { list: bodyOf(list, index), index: undefined };
  // The arguments of a call are there before the nodes of the tool are.
  const tool = within.slice(0, within.findIndex((step) => typeof step === 'number') + 1);
  if (reads.includes('args')) return { list: { ...bodyOf(list, index, tool), nodes: [] }, index: undefined };
  return { list, index, ...(within[0] === 'stop_when' ? { isAfter: true } : {}) };
}

/** The nodes that are settled before the reader is. */
const readable = ({ list, index, isAfter }: Reader): number[] =>
  (index === undefined ? [...list.nodes.keys()] : [...(isAfter ? [index] : []), ...ancestorsOf(list.nodes, index)]).filter((at) => idOf(list, at));

function ancestorsOf(nodes: unknown[], index: number): Set<number> {
  const found = new Set<number>();
  const visit = (of: number) => {
    for (const need of needsOf(nodes, of)) {
      if (found.has(need)) continue;
      found.add(need);
      visit(need);
    }
  };
  visit(index);
  found.delete(index);
  return found;
}

function needsOf(nodes: unknown[], index: number): number[] {
  const written = own(nodes[index], 'needs') ?? own(nodes[index], 'case');
  if (written === undefined) return index > 0 ? [index - 1] : [];
  return needsOfNode(nodes[index], nodes[index - 1])
    .map((need) => nodes.findIndex((node) => own(node, 'id') === need))
    .filter((at) => at >= 0);
}

function nodeSeen(list: List, index: number): Seen {
  const node = list.nodes[index];
  const id = String(own(node, 'id'));
  const shape = outputOf(list, index, 0);
  return { name: variableOf(id), about: described(`The output of \`${id}\`.`, shape), shape, isNode: true };
}

const described = (sentence: string, shape: Shape): string => [sentence, aboutShape(shape)].filter(Boolean).join(' ');

/** The nodes that run if the run fails. They read every node of the workflow. */
const onFailureOf = (top: List): List => ({ ...top, nodes: nodesOf(top.spec, ON_FAILURE), container: { list: top, index: undefined } });

const ERROR: Shape = {
  kind: 'object',
  members: new Map<string, Shape>([
    ['code', TEXT],
    ['detail', TEXT],
    ['step', TEXT],
  ]),
};

/** The run as the nodes of `on_failure` read it: with why it failed. */
function failedRun(known: Known): Seen {
  const always = runShape(known);
  const members = always?.kind === 'object' ? always.members : [];
  const shape: Shape = { kind: 'object', members: new Map([...members, ['error', ERROR]]) };
  return { name: 'run', about: 'The run itself, and why it failed: `run.error`.', shape, isNode: false };
}

/** The names that a map, a loop, a tool or `on_failure` defines for the nodes in it. */
function localsOf({ container, ...list }: List, depth: number): Seen[] {
  if (!container) return [];
  if (container.index === undefined) return [failedRun(list.known)];
  if (list.isTool) {
    const shape = argsOf(list);
    return [{ name: 'args', about: described(`The arguments of the call of \`${String(own(list.holder, 'name'))}\`.`, shape), shape, isNode: false }];
  }
  const node = container.list.nodes[container.index];
  const id = String(own(node, 'id'));
  const value = (name: string, about: string, shape: Shape): Seen => ({ name, about: described(about, shape), shape, isNode: false });
  if (own(node, 'type') === 'MapNode') {
    const name = own(list.holder, 'as');
    const over = own(list.holder, 'over');
    const item = typeof over === 'string' ? within(ofExpression(container, over, depth + 1), 0) : UNKNOWN;
    return [
      value(typeof name === 'string' ? name : 'item', `An item of the map \`${id}\`.`, item),
      value('index', `The number of the item in \`${id}\`, from 0.`, SCALAR),
    ];
  }
  if (own(node, 'type') !== 'LoopNode') return [];
  const result = ofResult({ container, ...list }, depth + 1);
  return [
    value('previous', `The result of the round before in \`${id}\`; \`null\` in the first round.`, result),
    value('history', `The results of the rounds before in \`${id}\`, the newest that fit into 1 MiB.`, listOf(result)),
    value('index', `The number of the round in \`${id}\`, from 0.`, SCALAR),
  ];
}

/** What the arguments of a tool fit: what it says, or the input of the workflow that it calls. */
function argsOf({ holder, known }: Omit<List, 'container'>): Shape {
  const input = own(holder, 'input');
  return input === undefined || input === null ? inputOf(known.called.get(String(own(holder, 'workflow')))) : shapeOfSchema(input);
}

function outputOf(list: List, index: number, depth: number): Shape {
  if (depth > DEEPEST) return UNKNOWN;
  const node = list.nodes[index];
  const data = own(node, 'data');
  switch (own(node, 'type')) {
    case 'MapNode':
      return listOf(ofResult(bodyOf(list, index), depth + 1));
    case 'LoopNode':
      return ofResult(bodyOf(list, index), depth + 1);
    case 'WorkflowNode': {
      const spec = list.known.called.get(String(own(data, 'workflow')));
      return spec === undefined ? UNKNOWN : resultOf(list.known, spec, depth + 1);
    }
    case 'DelayNode':
      return implicitInput(list, index, depth + 1);
    default:
      return declaredOutput(list, index, depth);
  }
}

/** The schema of a type says which field of its data is the output, or the schema of it, or that all outputs fit a schema. */
function declaredOutput(list: List, index: number, depth: number): Shape {
  const node = list.nodes[index];
  const schema = own(list.known.language.$defs, `${String(own(node, 'type'))}.data`);
  if (!isObject(schema)) return UNKNOWN;
  for (const [field, property] of Object.entries(isObject(schema.properties) ? schema.properties : {})) {
    const value = own(own(node, 'data'), field);
    if (!isObject(property) || property['x-workflow-output'] !== true || value === undefined) continue;
    return property['x-workflow'] === 'schema' ? shapeOfSchema(value) : ofJson({ list, index }, value, depth + 1);
  }
  return shapeOfSchema(schema['x-workflow-output']);
}

/** The output of the only need of a node; of a first node, what its list begins with. */
export function implicitInputAt(known: Known, spec: unknown, path: Path): string {
  const { list, index } = readerAt(known, spec, path);
  return implicitName(list, index ?? 0);
}

function implicitName(list: List, index: number, depth = 0): string {
  // A branch of a switch reads what the switch reads.
  const [route] = caseOf(list.nodes[index]) ?? [];
  const needs = needsOf(list.nodes, index).filter((at) => route === undefined || idOf(list, at) !== route);
  if (route !== undefined && needs.length === 0 && depth < DEEPEST) {
    const at = list.nodes.findIndex((node) => own(node, 'id') === route);
    if (at >= 0) return implicitName(list, at, depth + 1);
  }
  const need = needs.length === 1 ? needs[0] : undefined;
  const id = need === undefined ? undefined : idOf(list, need);
  if (id) return `${variableOf(id)}.output`;
  const several = needs.map((at) => idOf(list, at));
  if (several[0]) return `${variableOf(several[0])}.output`;
  const { container } = list;
  if (container?.index === undefined) return 'input';
  if (list.isTool) return 'args';
  return own(container.list.nodes[container.index], 'type') === 'MapNode' ? localsOf(list, DEEPEST)[0]!.name : implicitName(container.list, container.index);
}

function implicitInput(list: List, index: number, depth: number): Shape {
  const name = implicitName(list, index);
  return ofExpression({ list, index }, name, depth);
}

/** Without an `output`, the result is the output of the last node, or the outputs of several last nodes by their ids. */
function ofResult(list: List, depth: number): Shape {
  if (depth > DEEPEST) return UNKNOWN;
  const output = own(list.holder, 'output');
  if (output !== undefined) return ofJson({ list, index: undefined }, output, depth + 1);
  const needed = new Set(list.nodes.flatMap((_, index) => needsOf(list.nodes, index)));
  const last = [...list.nodes.keys()].filter((index) => !needed.has(index));
  if (last.length === 1) return outputOf(list, last[0]!, depth + 1);
  return { kind: 'object', members: new Map(last.map((index) => [String(idOf(list, index)), outputOf(list, index, depth + 1)])) };
}

/** What JSON with templates renders to. */
function ofJson(reader: Reader, json: unknown, depth: number): Shape {
  if (depth > DEEPEST) return UNKNOWN;
  if (typeof json === 'string') {
    const only = /^\{\{((?:(?!\}\}).)*)\}\}$/s.exec(json)?.[1];
    return only === undefined ? TEXT : ofExpression(reader, only, depth + 1);
  }
  if (Array.isArray(json)) return listOf(choiceOf(json.map((item) => ofJson(reader, item, depth + 1))));
  if (!isObject(json)) return SCALAR;
  return { kind: 'object', members: new Map(Object.entries(json).map(([name, member]) => [name, ofJson(reader, member, depth + 1)])) };
}

function ofExpression(reader: Reader, source: string, depth: number): Shape {
  const [name, ...keys] = keysOf(source) ?? [];
  if (name === undefined || depth > DEEPEST) return UNKNOWN;
  for (let at: Reader | undefined = reader; at; at = at.list.container) {
    const { list } = at;
    const node = readable(at).find((index) => variableOf(idOf(list, index)!) === name);
    if (node !== undefined) return keys[0] === 'output' ? keys.slice(1).reduce(within, outputOf(list, node, depth + 1)) : UNKNOWN;
    const local = localsOf(list, depth + 1).find((local) => local.name === name);
    if (local) return keys.reduce(within, local.shape);
  }
  if (name === 'input') return keys.reduce(within, inputOf(reader.list.spec));
  return name === 'run' ? keys.reduce(within, runShape(reader.list.known) ?? UNKNOWN) : UNKNOWN;
}

const inputOf = (spec: unknown): Shape => shapeOfSchema(own(spec, 'input'));

const nodesOf = (holder: unknown, field = 'nodes'): unknown[] => {
  const nodes = own(holder, field);
  return Array.isArray(nodes) ? nodes : [];
};

function idOf(list: List, index: number): string | undefined {
  const id = own(list.nodes[index], 'id');
  return typeof id === 'string' && id !== '' ? id : undefined;
}
