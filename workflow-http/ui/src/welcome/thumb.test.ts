import { expect, it } from 'vitest';
import { BOX, boxesOf, shownOf } from './thumb';

it('a picture has a row for each step that follows, and branches beside each other', () => {
  const { boxes, width, height } = boxesOf([
    { id: 'a', type: 'LLMNode' },
    { id: 'b', type: 'PromptNode', when: 'a.output' },
    { id: 'c', type: 'PromptNode', needs: ['a'] },
    { id: 'd', type: 'LLMNode', needs: ['b', 'c'] },
  ]);
  const [a, b, c, d] = boxes;
  expect(b!.y).toBe(c!.y);
  expect(b!.x + BOX.width).toBeLessThan(c!.x);
  expect(a!.x).toBe(d!.x);
  expect([b!.isMaybe, c!.isMaybe]).toEqual([true, false]);
  expect(d!.y + BOX.height).toBe(height);
  expect(width).toBe(c!.x + BOX.width);
});

it('of a workflow that is one loop shows what it repeats', () => {
  const inner = [{ id: 'draft', type: 'LLMNode' }];
  expect(shownOf([{ id: 'rounds', type: 'LoopNode', data: { nodes: inner } }])).toEqual({ nodes: inner, isLoop: true });
  const several = [
    { id: 'a', type: 'LLMNode' },
    { id: 'rounds', type: 'LoopNode', data: { nodes: inner } },
  ];
  expect(shownOf(several)).toEqual({ nodes: several, isLoop: false });
});
