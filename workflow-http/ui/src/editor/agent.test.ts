import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { learnTypes, type Types } from '../api/nodeTypes';
import { own } from '../base/ownProperty';
import { SUPPORT } from '../run/agent.story';
import { answersOf } from '../use/program';
import { nodePath } from './help/expression';
import { isCalledName, isNodePlace, optionsAt, wordIn, wordOptions } from './help/offers';
import { aboutOf, namesAt, schemasAt, type Path, type Schema } from './help/schema';
import { fieldsOf, type Shape } from './help/shape';
import { implicitInputAt, seenAt, shapeOfExpression, type Known } from './help/sight';
import { applied, insertNode } from './steps/insert';

// The schema as the server has it.
const LANGUAGE = JSON.parse(readFileSync(new URL('../../../../docs/workflow.schema.json', import.meta.url), 'utf8')) as Schema;
const refund = { input: { type: 'object', properties: { number: {}, amount: {} } }, nodes: [{ id: 'pay', type: 'HttpNode', data: {} }] };
const known: Known = { language: LANGUAGE, called: new Map([['refund-order', refund]]) };
const types: Types = new Map([
  ['AgentNode', { label: 'Agent', icon: 'agent', streams_text: true }],
  ['LLMNode', { label: 'LLM', streams_text: true }],
]);

const AGENT: Path = ['nodes', 0, 'data'];
const ORDER: Path = [...AGENT, 'tools', 0];
const GET: Path = [...ORDER, 'nodes', 0];
const FIND: Path = [...AGENT, 'tools', 2, 'nodes', 0, 'data', 'tools', 0, 'nodes', 0];
const names = (path: Path, spec: unknown = SUPPORT) => seenAt(known, spec, path).map(({ name }) => name);
const fields = (source: string, path: Path) => fieldsOf(shapeOfExpression(known, SUPPORT, path, source));
const offered = (path: Path, spec: unknown = SUPPORT) => optionsAt(known, spec, { kind: 'value', path }).map(({ text }) => JSON.parse(text) as unknown);

describe('a tool reads', () => {
  it('the arguments of its call, and what its agent sees', () => {
    expect(names([...GET, 'data', 'url'])).toEqual(['args', 'input', 'run']);
    expect(fields('args', [...GET, 'data', 'url'])).toEqual(['number']);
    const after = { nodes: [{ id: 'before', type: 'DelayNode', data: {} }, SUPPORT.nodes[0]] };
    expect(names(['nodes', 1, 'data', 'tools', 0, 'nodes', 0, 'data', 'url'], after)).toEqual(['args', 'before', 'input', 'run']);
  });

  it('the nodes beside, with names of their own in tools of tools', () => {
    const two = {
      nodes: [
        {
          id: 'a',
          type: 'AgentNode',
          data: {
            tools: [
              {
                name: 't',
                nodes: [
                  { id: 'x', type: 'DelayNode' },
                  { id: 'y', type: 'HttpNode' },
                ],
              },
            ],
          },
        },
      ],
    };
    expect(names([...AGENT, 'tools', 0, 'nodes', 1, 'data', 'url'], two)).toEqual(['x', 'args', 'input', 'run']);
    // An inner agent's arguments hide those of the outer one.
    expect(names([...FIND, 'data', 'url'])).toEqual(['args', 'input', 'run']);
  });

  it('the arguments in the question to a person, but not the nodes', () => {
    const message: Path = [...AGENT, 'tools', 1, 'approve', 'message'];
    expect(names(message)).toEqual(['args', 'input', 'run']);
    // Those of the workflow that it calls.
    expect(fields('args', message)).toEqual(['number', 'amount']);
    const spec = {
      nodes: [{ id: 'a', type: 'AgentNode', data: { tools: [{ name: 't', nodes: [{ id: 'x', type: 'DelayNode' }], approve: { message: '' } }] } }],
    };
    expect(names([...AGENT, 'tools', 0, 'approve', 'message'], spec)).toEqual(['args', 'input', 'run']);
  });

  it('as its implicit input the arguments', () => {
    expect(implicitInputAt(known, SUPPORT, GET)).toBe('args');
    expect(implicitInputAt(known, SUPPORT, ['nodes', 0])).toBe('input');
    expect(implicitInputAt(known, SUPPORT, ['nodes', 1])).toBe('support.output');
  });
});

it('an agent does not read arguments, and its output is its answer', () => {
  expect(names([...AGENT, 'prompt'])).toEqual(['input', 'run']);
  expect(names(['nodes', 1, 'data', 'value'])).toEqual(['support', 'input', 'run']);
  const kind = (schema?: object): Shape => {
    const spec = { nodes: [{ id: 'a', type: 'AgentNode', data: { ...(schema ? { schema } : {}) } }] };
    return shapeOfExpression(known, spec, ['output'], 'a.output');
  };
  expect(kind()).toMatchObject({ kind: 'schema', parts: [{ type: 'string' }] });
  expect(fieldsOf(kind({ type: 'object', properties: { ok: {} } }))).toEqual(['ok']);
});

describe('the editor offers', () => {
  it('fields of arguments in templates', () => {
    const text = '{{ args.';
    const path: Path = [...GET, 'data', 'url'];
    expect(wordOptions(known, SUPPORT, path, text, wordIn(known, SUPPORT, path, text)!)).toEqual([
      expect.objectContaining({ text: 'number', about: expect.stringContaining('A field of the arguments of the call of `order`') as string }),
    ]);
  });

  it('the fields of an agent, of a tool and of nodes in it, with what they mean', () => {
    const at = (path: Path) => namesAt(LANGUAGE, SUPPORT, path).map(({ text }) => JSON.parse(text) as string);
    expect(at(AGENT)).toEqual(expect.arrayContaining(['system', 'tool_choice']));
    expect(at(ORDER)).toEqual(expect.arrayContaining(['workflow', 'approve', 'on_error', 'timeout']));
    expect(at(ORDER)).not.toContain('nodes');
    expect(at([...GET, 'data'])).toContain('method');
    expect(aboutOf(schemasAt(LANGUAGE, SUPPORT, [...ORDER, 'approve']))).toMatch(/^Asks a person before each call/);
  });

  it('nodes in tools, and only there', () => {
    expect(isNodePlace(known, SUPPORT, GET)).toBe(true);
    expect(isNodePlace(known, SUPPORT, [...ORDER, 'nodes', 1])).toBe(true);
    expect(isNodePlace(known, SUPPORT, FIND)).toBe(true);
    expect(isNodePlace(known, SUPPORT, ORDER)).toBe(false);
    expect(isNodePlace(known, SUPPORT, ['nodes', 1])).toBe(true);
    expect(isNodePlace(known, { on_failure: [] }, ['on_failure', 0])).toBe(true);
    expect(isNodePlace(known, { nodes: [{ id: 'a', type: 'TransformNode', data: { value: { nodes: [] } } }] }, ['nodes', 0, 'data', 'value', 'nodes', 0])).toBe(
      false,
    );
  });

  it('workflows for tools, and tools for the first turn', () => {
    expect(isCalledName(SUPPORT, [...AGENT, 'tools', 1, 'workflow'])).toBe(true);
    expect(isCalledName(SUPPORT, [...AGENT, 'workflow'])).toBe(false);
    expect(offered([...AGENT, 'tool_choice', 'tool'])).toEqual(['order', 'refund', 'ask-expert']);
    expect(offered([...AGENT, 'tool_choice'])).toEqual(['auto', 'required', 'none']);
  });

  it('the models of the server, of the types that have some', () => {
    learnTypes([{ type: 'AgentNode', display: { streams_text: true }, models: ['gemini-3.8-flash', 'local/qwen3:8b'] }]);
    expect(offered([...AGENT, 'model'])).toEqual(['gemini-3.8-flash', 'local/qwen3:8b']);
    expect(offered(['nodes', 1, 'data', 'model'])).toEqual([]);
    learnTypes([]);
    expect(offered([...AGENT, 'model'])).toEqual([]);
  });
});

it('a node in a tool has a path, by which its values are found', () => {
  expect(nodePath(SUPPORT, [...GET, 'data', 'url'])).toBe('support/order/get');
  expect(nodePath(SUPPORT, [...FIND, 'data', 'url'])).toBe('support/ask-expert/expert/search/find');
  expect(nodePath(SUPPORT, [...AGENT, 'prompt'])).toBe('support');
  expect(nodePath(SUPPORT, [...AGENT, 'tools', 1, 'approve', 'message'])).toBe('support');
  expect(nodePath({ on_failure: [{ id: 'tell' }] }, ['on_failure', 0, 'when'])).toBe('on_failure/tell');
});

describe('a new node', () => {
  const text = JSON.stringify(SUPPORT, null, 2);
  const insert = (type: string, list: Path, index: number, into = text) => {
    const insertion = insertNode(into, type, { list, index }, { known, types })!;
    return { ...insertion, spec: JSON.parse(applied(into, insertion.changes)) as unknown, text: applied(into, insertion.changes) };
  };

  it('is put into a tool, and reads its arguments', () => {
    const { step, spec } = insert('LLMNode', [...ORDER, 'nodes'], 0);
    expect(step).toBe('support/order/answer');
    const nodes = own(own(own(own(own(own(spec, 'nodes'), 0), 'data'), 'tools'), 0), 'nodes');
    expect(nodes).toMatchObject([{ id: 'answer', data: { prompt: 'Explain this: {{ args }}' } }, { id: 'get' }]);
  });

  it('that is an agent has one tool, whose parts are to be filled in', () => {
    const { spec, fields, text } = insert('AgentNode', ['nodes'], 0, '{ "nodes": [] }');
    expect(spec).toMatchObject({
      nodes: [
        {
          id: 'agent',
          type: 'AgentNode',
          data: {
            tools: [
              {
                name: 'look_up',
                description: 'Finds what the answer needs.',
                input: { type: 'object' },
                nodes: [{ id: 'answer', type: 'LLMNode', data: { prompt: 'Explain this: {{ args }}' } }],
              },
            ],
          },
        },
      ],
    });
    expect(fields.map(({ from, to }) => text.slice(from, to))).toEqual(expect.arrayContaining(['look_up', 'Finds what the answer needs.', 'Explain this:']));
  });
});

it('a program answers the people in tools, too', () => {
  const human = { id: 'check', type: 'HumanNode', data: { schema: { type: 'boolean' } } };
  const spec = { nodes: [{ id: 'a', type: 'AgentNode', data: { tools: [{ name: 't', nodes: [human] }] } }] };
  expect(answersOf(spec).map(([node]) => node)).toEqual(['check']);
});
