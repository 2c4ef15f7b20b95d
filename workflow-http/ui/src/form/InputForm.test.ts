import { expect, it } from 'vitest';
import { formOf } from './fields';
import { blankText, fits } from './InputForm';

const form = formOf({
  type: 'object',
  required: ['text'],
  properties: { text: { type: 'string' }, tone: { enum: ['warm', 'dry'], default: 'dry' }, n: { type: 'integer' } },
})!;

it.each([
  ['{"text": "a"}', true],
  ['{ "text": "a",\n "n": 1 }', true],
  ['{"n": 1, "text": "a"}', true],
  ['{}', true],
  ['{"text": "a", "more": 1}', false],
  ['{"text": 7}', false],
  ['{"n": "seven"}', false],
  ['[]', false],
  ['"a"', false],
  ['{"text"', false],
  ['Quantum Computing', false],
])('%s can be shown by a form: %s', (text, is) => expect(fits(form, text)).toBe(is));

it('a form begins with its defaults', () => {
  expect(JSON.parse(blankText(form))).toEqual({ tone: 'dry' });
  expect(blankText(formOf({ type: 'array', items: { type: 'string' } })!)).toBe('[]');
});
