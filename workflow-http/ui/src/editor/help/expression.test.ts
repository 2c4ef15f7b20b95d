import { expect, it } from 'vitest';
import { expressionAt, nodePath } from './expression';

const at = (marked: string, isBare = false) => {
  const place = marked.indexOf('^');
  return expressionAt(marked.replace('^', ''), place, isBare)?.text;
};

it('finds the expression that a position is in', () => {
  expect(at('About {{ dr^aft.output }} and {{ other }}')).toBe('draft.output');
  expect(at('About {{ draft.output }} and {{ ot^her }}')).toBe('other');
  expect(at('{{ a | join(\\", \\"^) }}')).toBe('a | join(", ")');
  expect(at('{{- a^ -}}')).toBe('a');
  expect(at('classify.output == \\"re^fund\\"', true)).toBe('classify.output == "refund"');
});

it('finds none beside expressions, in statements and in what is not finished', () => {
  for (const text of ['Ab^out {{ draft }}', '{{ draft }} an^d', '{% if a^ %}', '{{ dra^ft', '{{ ^ }}', '{{ a\\^ }}']) expect(at(text)).toBeUndefined();
});

it('names the node that a path is in', () => {
  const spec = { nodes: [{ id: 'a' }, { id: 'each', data: { nodes: [{ id: 'sum', data: { template: '' } }] } }] };
  expect(nodePath(spec, ['nodes', 1, 'data', 'nodes', 0, 'data', 'template'])).toBe('each/sum');
  expect(nodePath(spec, ['nodes', 0, 'when'])).toBe('a');
  expect(nodePath(spec, ['nodes', 1, 'data', 'over'])).toBe('each');
  expect(nodePath(spec, ['output', 'x'])).toBe('');
});
