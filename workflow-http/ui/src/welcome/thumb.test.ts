import { expect, it } from 'vitest';
import { BOX, boxesOf } from './thumb';

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
