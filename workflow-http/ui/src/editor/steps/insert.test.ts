import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Types } from '../../api/nodeTypes';
import { own } from '../../base/ownProperty';
import type { Path, Schema } from '../help/schema';
import { applied, insertNode, type Target } from './insert';
import { typesOf } from './skeleton';

const language = JSON.parse(readFileSync(new URL('../../../../../docs/workflow.schema.json', import.meta.url), 'utf8')) as Schema;
const types: Types = new Map([
  ['LLMNode', { label: 'LLM', streams_text: true }],
  ['HttpNode', { label: 'HTTP', streams_text: false }],
]);
const known = { language, called: new Map() };

function inserted(text: string, type: string, target: Target): string {
  const insertion = insertNode(text, type, target, { known, types })!;
  return applied(text, insertion.changes);
}
const ids = (text: string, path: Path = ['nodes']) =>
  (path.reduce<unknown>((part, step) => own(part, step), JSON.parse(text)) as { id: string; needs?: string[] }[]).map(({ id, needs }) =>
    needs ? `${id} < ${needs.join()}` : id,
  );

const TWO = '{\n  "nodes": [\n    { "id": "a", "type": "LLMNode" },\n    { "id": "b", "type": "LLMNode" }\n  ]\n}';

describe('a new node', () => {
  it.each([
    ['first', 0, ['answer', 'a', 'b']],
    ['between', 1, ['a', 'answer', 'b']],
    ['last', 2, ['a', 'b', 'answer']],
  ])('is put %s', (_, index, expected) => {
    const text = inserted(TWO, 'LLMNode', { list: ['nodes'], index });
    expect(ids(text)).toEqual(expected);
    expect(text.match(/^ {4}\{/gm)).toHaveLength(3);
  });

  it.each(['', '{"nodes": []}', '{ "nodes": [\n] }', '{\n  "name": "x",\n  "nodes": [ ]\n}'])('is the only one in %j', (text) => {
    expect(ids(inserted(text, 'LLMNode', { list: ['nodes'], index: 0 }))).toEqual(['answer']);
  });

  it.each(['{"nodes":[{"id":"a","type":"X"}]}', '{ "nodes": [ { "id": "a", "type": "X" }, { "id": "b", "type": "X" } ], "output": 1 }'])(
    'is put into one line, as in %s',
    (text) => {
      for (const index of [0, 1]) expect(ids(inserted(text, 'LLMNode', { list: ['nodes'], index }))).toContain('answer');
    },
  );

  it('is put into a body, with an id that hides nothing', () => {
    const text = inserted(TWO, 'MapNode', { list: ['nodes'], index: 2 });
    expect(ids(text)).toEqual(['a', 'b', 'each']);
    const inner: Path = ['nodes', 2, 'data', 'nodes'];
    expect(ids(text, inner)).toEqual(['answer']);
    expect(ids(inserted(text, 'LLMNode', { list: inner, index: 1 }), inner)).toEqual(['answer', 'answer_2']);
    expect(insertNode(text, 'LLMNode', { list: inner, index: 1 }, { known, types })!.step).toBe('each/answer_2');
  });

  it('reads what comes before it', () => {
    expect(inserted(TWO, 'LLMNode', { list: ['nodes'], index: 0 })).toContain('{{ input }}');
    expect(inserted(TWO.replaceAll('"b"', '"b-c"'), 'LLMNode', { list: ['nodes'], index: 2 })).toContain('{{ b_c.output }}');
    expect(inserted(TWO, 'MapNode', { list: ['nodes'], index: 2 })).toContain('{{ item }}');
  });

  it('goes through a list that is there', () => {
    const text = TWO.replace('{\n', '{\n  "input": { "properties": { "mails": { "type": "array" } } },\n');
    expect(inserted(text, 'MapNode', { list: ['nodes'], index: 1 })).toContain('"over": "input.mails"');
  });

  it.each(typesOf(known))('of the type %s is JSON with its required fields', (type) => {
    const text = inserted(TWO, type, { list: ['nodes'], index: 1 });
    const node = (JSON.parse(text) as { nodes: { data?: object }[] }).nodes[1]!;
    const required = own(own(language.$defs, `${type}.data`), 'required') as string[] | undefined;
    expect(Object.keys(node.data ?? {})).toEqual(expect.arrayContaining(required ?? []));
  });

  it('says what is to be filled in', () => {
    const { changes, fields } = insertNode(TWO, 'LLMNode', { list: ['nodes'], index: 1 }, { known, types })!;
    const text = applied(TWO, changes);
    expect(fields.map(({ from, to }) => text.slice(from, to))).toEqual(['Explain this:']);
  });

  it('is none where there is no list', () => {
    expect(insertNode('{', 'LLMNode', { list: ['nodes'], index: 0 }, { known, types })).toBeUndefined();
    expect(insertNode('{}', 'LLMNode', { list: ['nodes'], index: 0 }, { known, types })).toBeUndefined();
  });
});

describe('an edge', () => {
  it('that is the order of the list leads through a node between them', () => {
    expect(ids(inserted(TWO, 'LLMNode', { list: ['nodes'], index: 1, between: { from: 'a', to: 'b' } }))).toEqual(['a', 'answer', 'b']);
  });

  it('that is written leads through it by the needs of both', () => {
    const nodes = ['{ "id": "a" }', '{ "id": "x", "needs": [] }', '{ "id": "b", "needs": [ "x", "a" ] }'];
    const text = `{ "nodes": [\n  ${nodes.join(',\n  ')}\n] }`;
    expect(ids(inserted(text, 'LLMNode', { list: ['nodes'], index: 2, between: { from: 'a', to: 'b' } }))).toEqual(['a', 'x < ', 'answer < a', 'b < x,answer']);
    expect(ids(inserted(text, 'LLMNode', { list: ['nodes'], index: 2, between: { from: 'x', to: 'b' } }))).toEqual(['a', 'x < ', 'answer', 'b < answer,a']);
  });
});
