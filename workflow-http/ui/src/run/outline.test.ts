import { describe, expect, it } from 'vitest';
import { containerOf, type Outline } from './outline';
import { indexOf, placeOf } from './place';

const outline: Outline = {
  nodes: [
    {
      id: 'each',
      type: 'MapNode',
      needs: [],
      nodes: [
        { id: 'sum', type: 'LLMNode', needs: [] },
        {
          id: 'refine',
          type: 'LoopNode',
          needs: ['sum'],
          nodes: [
            { id: 'draft', type: 'LLMNode', needs: [] },
            { id: 'judge', type: 'TransformNode', needs: ['draft'] },
          ],
        },
        { id: 'ask', type: 'WorkflowNode', needs: [], workflow: 'inner' },
      ],
    },
    { id: 'call', type: 'WorkflowNode', needs: ['each'], workflow: 'inner' },
  ],
  workflows: new Map([
    [
      'inner',
      {
        workflow: 'inner',
        spec_hash: '',
        nodes: [
          { id: 'twice', type: 'PromptNode', needs: [] },
          { id: 'deeper', type: 'WorkflowNode', needs: [], workflow: 'inmost' },
        ],
      },
    ],
    ['inmost', { workflow: 'inmost', spec_hash: '', nodes: [{ id: 'end', type: 'HumanNode', needs: [] }] }],
  ]),
};

describe('a step', () => {
  it.each([
    ['each', 'MapNode', 0, undefined, undefined],
    ['each/2/sum', 'LLMNode', 1, 'each', 'item 2'],
    ['each/2/refine', 'LoopNode', 1, 'each', 'item 2'],
    ['each/12/refine/0/judge', 'TransformNode', 2, 'each/12/refine', 'round 1'],
    ['each/0/ask/twice', 'PromptNode', 2, 'each/0/ask', undefined],
    ['call', 'WorkflowNode', 0, undefined, undefined],
    ['call/twice', 'PromptNode', 1, 'call', undefined],
    ['call/deeper/end', 'HumanNode', 2, 'call/deeper', undefined],
  ])('%s is a %s', (path, type, depth, container, turn) => {
    expect(placeOf(outline, path)).toMatchObject({ type, depth });
    expect(placeOf(outline, path).container).toBe(container);
    expect(placeOf(outline, path).turn).toBe(turn);
  });

  it('needs the steps beside it', () => {
    expect(placeOf(outline, 'each/3/refine/1/judge').needs).toEqual(['each/3/refine/1/draft']);
    expect(placeOf(outline, 'call').needs).toEqual(['each']);
  });

  it('that is not described has no type, but a place', () => {
    expect(placeOf(outline, 'nobody/3/knows')).toMatchObject({ type: '', depth: 1, turn: 'item 3', container: 'nobody' });
  });

  it('of on_failure comes after all others, and in no container', () => {
    const failing: Outline = {
      ...outline,
      onFailure: [
        { id: 'tell', type: 'HttpNode', needs: [] },
        { id: 'all', type: 'MapNode', needs: ['tell'], nodes: [{ id: 'one', type: 'LLMNode', needs: [] }] },
      ],
    };
    expect(placeOf(failing, 'on_failure/tell')).toMatchObject({ type: 'HttpNode', depth: 0, container: undefined, rank: [2, 0] });
    expect(placeOf(failing, 'on_failure/all').needs).toEqual(['on_failure/tell']);
    expect(placeOf(failing, 'on_failure/all/1/one')).toMatchObject({ type: 'LLMNode', depth: 1, container: 'on_failure/all', turn: 'item 1' });
    // A workflow without the list may have a map of this name.
    const map: Outline = { nodes: [{ id: 'on_failure', type: 'MapNode', needs: [], nodes: [{ id: 'x', type: 'LLMNode', needs: [] }] }], workflows: new Map() };
    expect(placeOf(map, 'on_failure/1/x')).toMatchObject({ type: 'LLMNode', depth: 1, container: 'on_failure' });
  });

  it('knows how much it repeats', () => {
    expect(placeOf(outline, 'each').body).toBe(3);
    expect(placeOf(outline, 'call').body).toBe(2);
  });
});

it('a container is what a step is in, without the number', () => {
  expect(['a', 'a/b', 'a/3/b', 'a/3/b/0/c'].map(containerOf)).toEqual([undefined, 'a', 'a', 'a/3/b']);
});

it('steps stand as they are written and numbered, in whatever order they come', () => {
  const paths = [
    'each/10/sum',
    'call/twice',
    'each/2/refine/1/draft',
    'each/2/sum',
    'call',
    'each/2/refine',
    'each',
    'each/2/refine/0/judge',
    'each/2/refine/0/draft',
  ];
  const order: string[] = [];
  for (const path of paths)
    order.splice(
      indexOf(order, placeOf(outline, path).rank, (other) => placeOf(outline, other).rank),
      0,
      path,
    );
  expect(order).toEqual([
    'each',
    'each/2/sum',
    'each/2/refine',
    'each/2/refine/0/draft',
    'each/2/refine/0/judge',
    'each/2/refine/1/draft',
    'each/10/sum',
    'call',
    'call/twice',
  ]);
});
