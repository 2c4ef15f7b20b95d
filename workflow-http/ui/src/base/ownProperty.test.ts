import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../api/types';
import { aboutOf, namesAt, valuesAt } from '../editor/help/schema';
import { seenAt } from '../editor/help/sight';
import { formOf } from '../form/fields';
import { initialOf, jsonOf, startOf, valueFrom } from '../form/values';
import { cardsOf } from '../graph/drawing';
import { pathIn } from '../graph/scene';
import { own } from './ownProperty';
import { isFolded, visibleSteps } from '../run/fold';
import { reasonOf } from '../run/log';
import { priceOf } from '../run/retry';
import { reduce } from '../run/reduce';
import { newRun } from '../run/run';
import { turnsOf } from '../run/turns';
import { rowsOf } from '../tree/rows';

// Each of these is found in `{}`, and the last one changes what it is assigned to.
const NAMES = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf', '__defineGetter__', '__proto__'];

const event = (seq: number, of: object): RunEvent => ({ seq, run_id: 'r', time: new Date(seq * 1000).toISOString(), ...of }) as RunEvent;
const object = (name: string, value: unknown): unknown => JSON.parse(`{${JSON.stringify(name)}: ${JSON.stringify(value)}}`);

describe.each(NAMES)('a step named %s', (name) => {
  const nodes = [
    { id: name, type: 'MapNode', nodes: [{ id: name, type: 'LLMNode' }] },
    { id: 'call', type: 'WorkflowNode', needs: [name], workflow: name },
  ];
  const path = `${name}/0/${name}`;
  const run = reduce(newRun('r'), [
    event(1, { type: 'run.created', workflow_id: 'w', input: null, nodes, workflows: [] }),
    event(2, { type: 'node.started', node: name, path: name, attempt: 1 }),
    event(3, { type: 'node.progress', node: name, path: name, items: 1, items_done: 0 }),
    event(4, { type: 'node.started', node: name, path, attempt: 1 }),
    { type: 'node.delta', run_id: 'r', node: name, path, attempt: 1, kind: 'text', delta: 'Hi', offset: 0 },
    event(5, { type: 'node.completed', node: name, path, attempt: 1, output: 'Hi' }),
  ]);

  it('is a step like any other', () => {
    expect(run.order).toEqual([name, path, 'call']);
    expect(run.steps.get(path)).toMatchObject({ state: 'completed', text: 'Hi', type: 'LLMNode' });
    expect(visibleSteps(run, new Map(), undefined)).toEqual(run.order);
    expect(isFolded(new Map(), run.steps.get(name)!)).toBe(false);
    expect(turnsOf(run, name)).toEqual([{ index: 0, state: 'completed' }]);
    expect(priceOf(run, name)).toEqual({ from: name, keeps: 0, runs: 2 });
    expect(run.log).toHaveLength(4);
  });

  it('is drawn', () => {
    expect(cardsOf([], run.outline, new Map()).map(({ id, inner }) => [id, inner.map((card) => card.id)])).toEqual([
      [name, [name]],
      ['call', []],
    ]);
    expect(pathIn({ run, chosen: undefined, faults: new Map(), near: new Set<string>(), found: null }, `${name}/${name}`)).toBe(path);
  });
});

describe.each(NAMES)('the name %s', (name) => {
  it('is a field of a form, and is empty when nothing is there', () => {
    const form = formOf({ type: 'object', required: [name], properties: object(name, { type: 'string' }) })!;
    expect(jsonOf(form, valueFrom(form, {})).json).toEqual({});
    expect(JSON.stringify(jsonOf(form, valueFrom(form, object(name, 'a'))).json)).toBe(JSON.stringify(object(name, 'a')));
    expect(jsonOf(form, initialOf(form)).faults).toHaveLength(1);
    expect(formOf({ type: 'object', required: [name], properties: { a: {} } })).toMatchObject({ fields: [{ name: 'a' }, { name, kind: 'json' }] });
  });

  it('means nothing where the page knows a few words', () => {
    expect(reasonOf('skipped', name)).not.toContain('native code');
    expect(startOf({ type: name })).toBe('null');
    expect(aboutOf([{ 'x-workflow': name }])).toBeUndefined();
    const schema = { properties: { a: { type: name } } };
    expect(namesAt(schema, {}, []).map(({ text, start }) => [text, start])).toEqual([['"a"', '']]);
    expect(valuesAt(schema, {}, [name])).toEqual([]);
    expect(seenAt({ language: {}, called: new Map() }, { nodes: [{ id: name, type: name }, {}] }, ['nodes', 1]).map((seen) => seen.name)).toEqual([
      name,
      'input',
    ]);
  });

  it('is a row of a tree, open as any other', () => {
    const rows = rowsOf(object(name, object(name, 1)) as object, new Map(), new Map());
    expect(rows.map(({ at }) => at)).toEqual([`/${name}`, `/${name}/${name}`]);
  });

  it('is read only where it is', () => {
    expect(own({}, name)).toBeUndefined();
    expect(own(null, name)).toBeUndefined();
    expect(own(object(name, 1), name)).toBe(1);
  });
});

it('no plain object is a map in the source', () => {
  const root = new URL('..', import.meta.url);
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => /(?<!\.test)\.tsx?$/.test(file) && !['base/ownProperty.ts', 'api/schema.ts'].includes(file))
    .flatMap((file) =>
      readFileSync(new URL(file, root), 'utf8')
        .split('\n')
        // Types of such maps, except that of JSON from outside, and a computed name read from a literal or a cast.
        .filter((line) => /Record<string(?: \| number)?, (?!unknown>)|\[\w+: string\]: (?!Value)|\}\[\w|as (?:Schema|Fields|Record<[^>]*>)\)\[/.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
  expect(found).toEqual([]);
});
