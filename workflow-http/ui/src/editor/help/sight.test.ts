import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { optionsAt } from './offers';
import type { Path, Schema } from './schema';
import { fieldsOf, within } from './shape';
import { implicitInputAt, seenAt, shapeOfExpression, type Known } from './sight';

// The schema as the server has it.
const language = JSON.parse(readFileSync(new URL('../../../../../docs/workflow.schema.json', import.meta.url), 'utf8')) as Schema;
const called = { input: {}, nodes: [{ id: 'a', type: 'LLMNode', data: { schema: { properties: { verdict: { type: 'string' } } } } }] };
const known: Known = { language, called: new Map([['judge', called]]) };

const schema = {
  type: 'object',
  properties: { kind: { enum: ['a', 'b'], description: 'The kind.' }, items: { type: 'array', items: { $ref: '#/$defs/item' } } },
  $defs: { item: { properties: { title: {} } } },
};
const spec = {
  input: { type: 'object', properties: { docs: { type: 'array', items: { properties: { body: { type: 'string' } } } } } },
  nodes: [
    { id: 'ask-it', type: 'LLMNode', data: { prompt: '', schema } },
    {
      id: 'each',
      type: 'MapNode',
      data: {
        over: 'input.docs',
        as: 'doc',
        nodes: [
          { id: 'sum', type: 'LLMNode', data: { prompt: '' } },
          { id: 'say', type: 'HumanNode', data: { schema: { properties: { ok: { type: 'boolean' } } } } },
        ],
      },
    },
    {
      id: 'again',
      type: 'LoopNode',
      needs: ['ask-it'],
      data: { until: 'x', nodes: [{ id: 'draft', type: 'TransformNode', data: { value: { text: '{{ ask_it.output.kind }}', n: [1] } } }] },
    },
    { id: 'call', type: 'WorkflowNode', needs: ['each', 'again'], data: { workflow: 'judge' } },
    { id: 'alone', type: 'HttpNode', needs: [], data: {} },
    { id: 'wait', type: 'DelayNode', needs: ['again'], data: {} },
  ],
};
const names = (...path: Path) => seenAt(known, spec, path).map(({ name }) => name);
const fields = (source: string, ...path: Path) => fieldsOf(shapeOfExpression(known, spec, path, source));

describe('what can be named', () => {
  it('are the input and the nodes that are settled before', () => {
    expect(names('nodes', 0, 'data', 'prompt')).toEqual(['input', 'run']);
    expect(names('nodes', 1, 'when')).toEqual(['ask_it', 'input', 'run']);
    expect(names('nodes', 1, 'stop_when')).toEqual(['each', 'ask_it', 'input', 'run']);
    expect(names('nodes', 3, 'data', 'input')).toEqual(['each', 'ask_it', 'again', 'input', 'run']);
    expect(names('nodes', 4, 'data', 'url')).toEqual(['input', 'run']);
  });

  it('are all nodes in the result of a workflow', () => {
    expect(names('output', 'text')).toEqual(['ask_it', 'each', 'again', 'call', 'alone', 'wait', 'input', 'run']);
  });

  it('are in a body its own nodes, what the container defines, and what the container sees', () => {
    expect(names('nodes', 1, 'data', 'nodes', 0, 'data', 'prompt')).toEqual(['doc', 'index', 'ask_it', 'input', 'run']);
    expect(names('nodes', 1, 'data', 'nodes', 1, 'data', 'message')).toEqual(['sum', 'doc', 'index', 'ask_it', 'input', 'run']);
    expect(names('nodes', 2, 'data', 'nodes', 0, 'data', 'value')).toEqual(['previous', 'history', 'index', 'ask_it', 'input', 'run']);
  });

  it('are the nodes of the body where a container reads them', () => {
    expect(names('nodes', 2, 'data', 'until')).toEqual(['draft', 'previous', 'history', 'index', 'ask_it', 'input', 'run']);
    expect(names('nodes', 1, 'data', 'over')).toEqual(['ask_it', 'input', 'run']);
  });
});

describe('fields', () => {
  it('are those of the schema of an answer', () => {
    expect(fields('ask_it.output', 'output')).toEqual(['kind', 'items']);
    expect(fields('ask_it.output.items[0]', 'output')).toEqual(['title']);
    expect(fields('input', 'output')).toEqual(['docs']);
    expect(fields('run', 'output')).toEqual(['id', 'started_at', 'url']);
    expect(fields('alone.output', 'output')).toEqual(['status', 'headers', 'body']);
  });

  it('are those of the items of a map, and of its results', () => {
    expect(fields('doc', 'nodes', 1, 'data', 'nodes', 0, 'data', 'prompt')).toEqual(['body']);
    expect(fields('each.output[0]', 'output')).toEqual(['ok']);
  });

  it('are those that JSON is reshaped to, which a loop has as its result and knows from the round before', () => {
    expect(fields('again.output', 'output')).toEqual(['text', 'n']);
    expect(fields('previous', 'nodes', 2, 'data', 'until')).toEqual(['text', 'n']);
    expect(fields('history[0]', 'nodes', 2, 'data', 'until')).toEqual(['text', 'n']);
    expect(fields('wait.output', 'output')).toEqual(['text', 'n']);
  });

  it('are those of the result of a called workflow', () => expect(fields('call.output', 'output')).toEqual(['verdict']));

  it('are none where nothing is known', () => {
    for (const source of ['nothing', 'ask_it.error', 'input.docs | first', 'ask_it.output.kind.x', 'input["docs"'])
      expect(fields(source, 'output')).toEqual([]);
  });
});

it('says what a value means and where it comes from', () => {
  const [ask] = seenAt(known, spec, ['nodes', 1]);
  expect(ask).toMatchObject({ isNode: true, about: 'The output of `ask-it`. (object)' });
  expect(within(ask!.shape, 'kind')).toMatchObject({ kind: 'schema' });
});

it('the implicit input is that of the only need, of the item, or of the loop', () => {
  const input = (...path: Path) => implicitInputAt(known, spec, path);
  expect(input('nodes', 0)).toBe('input');
  expect(input('nodes', 1)).toBe('ask_it.output');
  expect(input('nodes', 1, 'data', 'nodes', 0)).toBe('doc');
  expect(input('nodes', 2, 'data', 'nodes', 0)).toBe('ask_it.output');
});

it('ends where outputs refer to each other', () => {
  const node = (id: string, other: string) => ({ id, type: 'TransformNode', needs: [other], data: { value: `{{ ${other}.output }}` } });
  const odd = { nodes: [node('a', 'b'), node('b', 'a')] };
  expect(seenAt(known, odd, ['nodes', 0]).map(({ name }) => name)).toEqual(['b', 'input', 'run']);
});

describe('a switch and its branches', () => {
  const branches = {
    nodes: [
      { id: 'first', type: 'HumanNode', data: { schema: { type: 'object', properties: { kind: { type: 'string' } } } } },
      { id: 'route', type: 'SwitchNode', data: { cases: [{ name: 'refund', when: 'true' }], default: 'other' } },
      { id: 'pay', type: 'DelayNode', case: 'route.refund', data: {} },
      { id: 'file', type: 'DelayNode', case: 'route.other', data: {} },
      { id: 'end', type: 'TransformNode', data: {} },
    ],
  };

  it('need their switch and nothing else', () => {
    expect(seenAt(known, branches, ['nodes', 3]).map(({ name }) => name)).toEqual(['route', 'first', 'input', 'run']);
  });

  it('read what the switch reads', () => {
    expect(fieldsOf(shapeOfExpression(known, branches, ['nodes', 4], 'file.output'))).toEqual(['kind']);
  });

  it('are offered for `case`', () => {
    const options = optionsAt(known, branches, { kind: 'value', path: ['nodes', 2, 'case'] });
    expect(options.map(({ text }) => text)).toEqual(['"route.refund"', '"route.other"']);
  });
});

describe('the nodes that run if the run fails', () => {
  const failing = {
    ...spec,
    on_failure: [
      { id: 'tell', type: 'HttpNode', data: {} },
      { id: 'file', type: 'TransformNode', data: {} },
    ],
  };

  it('read every node of the workflow, and why it failed', () => {
    const names = seenAt(known, failing, ['on_failure', 1, 'data', 'value']).map(({ name }) => name);
    expect(names).toEqual(['tell', 'run', 'ask_it', 'each', 'again', 'call', 'alone', 'wait', 'input']);
    expect(fieldsOf(shapeOfExpression(known, failing, ['on_failure', 0], 'run.error'))).toEqual(['code', 'detail', 'step']);
    expect(fieldsOf(shapeOfExpression(known, failing, ['on_failure', 0], 'ask_it.output'))).toEqual(['kind', 'items']);
  });

  it('are not read by the workflow', () => {
    expect(seenAt(known, failing, ['nodes', 1]).map(({ name }) => name)).toEqual(['ask_it', 'input', 'run']);
  });

  it('need nodes of their own list', () => {
    const options = optionsAt(known, failing, { kind: 'value', path: ['on_failure', 1, 'needs', 0] });
    expect(options.map(({ text }) => text)).toEqual(['"tell"']);
  });
});
