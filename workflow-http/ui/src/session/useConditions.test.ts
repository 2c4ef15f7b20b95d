import { expect, it } from 'vitest';
import { conditionsIn } from './useConditions';

it('each step has its condition, also in a body', () => {
  const conditionOf = conditionsIn({
    nodes: [
      { id: 'a', when: "input == 'x'" },
      { id: 'each', type: 'MapNode', data: { nodes: [{ id: 'sum', when: 'item.ok' }, { id: 'end' }] } },
    ],
  });
  expect(conditionOf('a')).toBe("input == 'x'");
  expect(conditionOf('each/sum')).toBe('item.ok');
  expect(conditionOf('each/end')).toBeUndefined();
  expect(conditionsIn(undefined)('a')).toBeUndefined();
});
