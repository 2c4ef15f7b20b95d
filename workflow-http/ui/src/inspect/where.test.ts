import { expect, it } from 'vitest';
import { whereOf } from './where';

const spec = {
  nodes: [
    { id: 'ask', type: 'LLMNode', data: { system: 'Be kind.', prompt: 'About {{ input.urgency }}, now' } },
    { id: 'each', type: 'MapNode', data: { over: 'input.list', nodes: [{ id: 'sum', when: 'item.size > 3', data: { template: 'x' } }] } },
  ],
};

it('is the text that names what the error is about', () => {
  expect(whereOf(spec, 'ask', '`input.urgency` is missing')).toEqual({ field: 'data.prompt', before: 'About {{ ', marked: 'input.urgency', after: ' }}, now' });
});

it('is found in maps and loops, at the step itself', () => {
  expect(whereOf(spec, 'each/sum', 'there is no `item.size`')).toMatchObject({ field: 'when', after: ' > 3' });
  expect(whereOf(spec, 'each', 'there is no `item.size`')).toBeUndefined();
});

it('is a piece of a long text', () => {
  const long = { nodes: [{ id: 'a', data: { prompt: `${'x'.repeat(900)}{{ b }}${'y'.repeat(900)}` } }] };
  const { before, after } = whereOf(long, 'a', '`b` is missing')!;
  expect([before.length, after.length]).toEqual([161, 161]);
});

it.each([
  ['names nothing', 'ask', 'no answer came'],
  ['names something else', 'ask', '`elsewhere` is missing'],
  ['is about a step the text has no longer', 'gone', '`input.urgency` is missing'],
])('is nowhere when the error %s', (_, path, detail) => expect(whereOf(spec, path, detail)).toBeUndefined());

it('is nowhere in a text that is no workflow', () => {
  for (const odd of [undefined, null, 'x', [], { nodes: 'x' }, { nodes: [null, { id: 'ask' }] }]) expect(whereOf(odd, 'ask', '`x`')).toBeUndefined();
});
