import { describe, expect, it } from 'vitest';
import type { Types } from '../api/nodeTypes';
import type { Outline as Written } from '../editor/useCheck';
import type { Outline } from '../run/outline';
import { cardsOf as cardsFor, countOf } from './drawing';

const TYPES: Types = new Map([
  ['HttpNode', { icon: 'http', summary: 'url', streams_text: false }],
  ['LLMNode', { icon: 'llm', summary: 'model', streams_text: true }],
]);

const cardsOf = (written: Written[], run: Outline | undefined) => cardsFor(written, run, TYPES);

const written = (path: string, node: object, needs: string[] = []): Written => ({
  id: path.split('/').at(-1)!,
  path,
  depth: path.split('/').length - 1,
  type: 'PromptNode',
  needs,
  span: { from: 0, to: 1 },
  pointer: '',
  node: node as Record<string, unknown>,
  ...('type' in node ? { type: node.type as string } : {}),
});

const whenOf = (when: string, ...needs: string[]) => cardsOf([written('b', { when }, needs)], undefined)[0]!.when;
const planOf = (type: string, data: object) => cardsOf([written('a', { type, data })], undefined)[0]!.plan;

describe('cards', () => {
  it('stand in what they are in', () => {
    const cards = cardsOf(
      [written('each', {}), written('each/sum', {}), written('each/loop', {}, ['each/sum']), written('each/loop/draft', {}), written('last', {}, ['each'])],
      undefined,
    );
    expect(cards.map(({ path }) => path)).toEqual(['each', 'last']);
    expect(cards[0]!.inner.map(({ path }) => path)).toEqual(['each/sum', 'each/loop']);
    expect(cards[0]!.inner[1]!.inner.map(({ path }) => path)).toEqual(['each/loop/draft']);
    expect(countOf(cards)).toBe(5);
  });

  it('of on_failure stand beside the others, the first ones with their condition', () => {
    const tell = { ...written('on_failure/tell', {}), depth: 0 };
    const file = { ...written('on_failure/file', {}, ['on_failure/tell']), depth: 0 };
    const drawn = [
      ['a', undefined],
      ['on_failure/tell', 'the run fails'],
      ['on_failure/file', undefined],
    ];
    expect(cardsOf([written('a', {}), tell, file], undefined).map(({ path, when }) => [path, when])).toEqual(drawn);
    const run: Outline = {
      nodes: [{ id: 'a', type: 'LLMNode', needs: [] }],
      onFailure: [
        { id: 'tell', type: 'LLMNode', needs: [] },
        { id: 'file', type: 'LLMNode', needs: ['tell'] },
      ],
      workflows: new Map(),
    };
    expect(cardsOf([], run).map(({ path, when }) => [path, when])).toEqual(drawn);
  });

  it('say which case of a switch they are', () => {
    expect(cardsOf([written('b', { case: 'route.refund' }, ['route'])], undefined)[0]!.when).toBe('route.refund');
    expect(cardsOf([written('b', { case: 'route.refund', when: 'input' }, ['route'])], undefined)[0]!.when).toBe('route.refund and input');
    const nodes = [{ id: 'b', type: 'LLMNode', needs: ['route'], case: 'route.refund' }];
    expect(cardsOf([], { nodes, workflows: new Map() })[0]!.when).toBe('route.refund');
  });

  it('are drawn once, though an id stands twice', () => {
    expect(cardsOf([written('a', {}), written('a', {})], undefined)).toHaveLength(1);
  });

  it('are those of the run if the text has none of its steps', () => {
    const run = { nodes: [{ id: 'x', type: 'MapNode', needs: [], nodes: [{ id: 'y', type: 'LLMNode', needs: [] }] }], workflows: new Map() };
    expect(cardsOf([written('a', {})], run).map(({ path, inner }) => [path, inner[0]?.path])).toEqual([['x', 'x/y']]);
    expect(cardsOf([written('x', {}), written('new', {})], run).map(({ path }) => path)).toEqual(['x', 'new']);
  });

  it('of a call are those of the workflow that the run calls', () => {
    const called = {
      workflow: 'brief',
      spec_hash: '',
      nodes: [
        { id: 'pros', type: 'LLMNode', needs: [] },
        { id: 'sum', type: 'WorkflowNode', needs: ['pros'], workflow: 'inmost' },
      ],
    };
    const run = {
      nodes: [{ id: 'write', type: 'WorkflowNode', needs: [], workflow: 'brief' }],
      workflows: new Map([
        ['brief', called],
        ['inmost', { workflow: 'inmost', spec_hash: '', nodes: [{ id: 'end', type: 'LLMNode', needs: [] }] }],
      ]),
    };
    const ofText = cardsOf([written('write', { type: 'WorkflowNode', data: { workflow: 'brief' } })], run);
    for (const [card] of [ofText, cardsOf([], run)]) {
      expect(card!.inner.map(({ path, needs }) => [path, needs])).toEqual([
        ['write/pros', []],
        ['write/sum', ['write/pros']],
      ]);
      expect(card!.inner[1]!.inner.map(({ path }) => path)).toEqual(['write/sum/end']);
    }
    expect(cardsOf([written('write', { type: 'WorkflowNode', data: { workflow: 'other' } })], undefined)[0]!.inner).toEqual([]);
  });

  it('have their condition as short as it is clear', () => {
    expect(whenOf("classify.output.kind == 'refund'", 'classify')).toBe(".kind == 'refund'");
    expect(whenOf('node_1.output.ok', 'node-1')).toBe('.ok');
    expect(whenOf("publish.status == 'failed'", 'publish')).toBe("publish.status == 'failed'");
    expect(whenOf('a.output.ok', 'a', 'b')).toBe('a.output.ok');
    expect(whenOf('a.output', 'a')).toBe('a.output');
    expect(whenOf('extra.output.x', 'a')).toBe('extra.output.x');
  });

  it('know the most rounds of a loop', () => {
    expect(cardsOf([written('a', { type: 'LoopNode', data: { max: 4 } })], undefined)[0]!.max).toBe(4);
    expect(cardsOf([written('a', { type: 'MapNode', data: { max: 4 } })], undefined)[0]!.max).toBeUndefined();
  });

  it('say what their node is going to do', () => {
    expect(planOf('HttpNode', { method: 'POST', url: 'https://cms.example.com/articles?x' })).toBe('cms.example.com');
    expect(planOf('MapNode', { over: 'input.docs' })).toBe('over input.docs, 4 at once');
    expect(planOf('LoopNode', { max: 4 })).toBe('at most 4 rounds');
    expect(planOf('DelayNode', { for: '5m' })).toBe('for 5m');
    expect(planOf('DelayNode', { until: '2026-01-31' })).toBe('until 2026-01-31');
    expect(planOf('LLMNode', {})).toBe('');
    expect(planOf('LLMNode', { model: 'gemini-3.8-flash' })).toBe('gemini-3.8-flash');
    expect(planOf('UnknownNode', { url: 'https://cms.example.com' })).toBe('');
  });
});
