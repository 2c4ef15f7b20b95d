import { describe, expect, it } from 'vitest';
import { answerOf, fieldsOf, initialValues, isOf, startOf, valuesOf, written, type Field } from './fields';

const review = {
  type: 'object',
  required: ['ok', 'score', 'tone'],
  properties: {
    ok: { type: 'boolean', title: 'It is good', description: 'Whether it can go out.' },
    score: { type: 'integer', minimum: 1, maximum: 5 },
    tone: { enum: ['as it is', 7, null] },
    name: { type: 'string', maxLength: 40 },
    comment: { type: ['string', 'null'] },
  },
};
const fields = fieldsOf(review)!;
const answer = (values: Record<string, string | boolean>) => answerOf(fields, { ...initialValues(fields), ...values });

describe('an object of flat properties', () => {
  it('has a field for each', () => {
    expect(fields.map((field) => [field.label, field.kind, field.isRequired])).toEqual([
      ['It is good', 'boolean', true],
      ['score', 'integer', true],
      ['tone', 'choice', true],
      ['name', 'line', false],
      ['comment', 'text', false],
    ]);
    expect(fields[0]!.description).toBe('Whether it can go out.');
    expect(fields[1]!.facts).toEqual(['whole number', 'at least 1', 'at most 5', 'required']);
  });

  it('is answered with JSON of the right types', () => {
    expect(answer({ ok: true, score: '4', tone: '1', comment: 'a' })).toEqual({ answer: { ok: true, score: 4, tone: 7, comment: 'a' }, faults: [] });
  });

  it('leaves out what is optional and empty', () => {
    expect(answer({ score: '1', tone: '2' })).toEqual({ answer: { ok: false, score: 1, tone: null }, faults: [] });
  });

  it('says what is missing and what is no number', () => {
    expect(answer({ score: 'four' }).faults.map((fault) => [fault.pointer, fault.detail])).toEqual([
      ['#/score', 'Not a whole number.'],
      ['#/tone', 'Choose one.'],
    ]);
    expect(answer({ score: '1.5', tone: '0' }).faults).toHaveLength(1);
  });

  it('shows what was written as JSON', () => {
    expect(valuesOf(fields, { ok: true, score: 2, tone: 7, comment: 'x', more: 1 })).toEqual({ ok: true, score: '2', tone: '1', name: '', comment: 'x' });
  });

  it('begins with its defaults', () => {
    const some = fieldsOf({ properties: { a: { type: 'boolean', default: true }, b: { enum: ['x', 'y'], default: 'y' }, c: { type: 'number', default: 2 }, d: { const: 'only' } } })!;
    expect(initialValues(some)).toEqual({ a: true, b: '1', c: '2', d: '0' });
  });
});

it('a schema of one flat value is one field, and its value the answer', () => {
  const only = fieldsOf({ type: 'boolean', title: 'Go on?' })!;
  expect(only).toMatchObject([{ name: null, label: 'Go on?', kind: 'boolean' }]);
  expect(answerOf(only, { '': true })).toEqual({ answer: true, faults: [] });
});

it.each([
  ['nothing', undefined],
  ['anything', {}],
  ['a list', { type: 'array' }],
  ['an object in an object', { properties: { a: { type: 'object' } } }],
  ['a choice of schemas', { properties: { a: { anyOf: [{ type: 'string' }] } } }],
  ['something required and not described', { required: ['b'], properties: { a: { type: 'string' } } }],
])('%s is written as JSON', (_, schema) => expect(fieldsOf(schema)).toBeNull());

it('JSON begins with what is required', () => {
  const schema = { type: 'object', required: ['tags', 'kind'], properties: { tags: { type: 'array' }, kind: { enum: ['a', 'b'] }, note: { type: 'string' } } };
  expect(JSON.parse(startOf(schema))).toEqual({ tags: [], kind: 'a' });
  expect(startOf(undefined)).toBe('');
});

describe('what is written', () => {
  it('is JSON, or text where anything will do', () => {
    expect(written('{"a": 1}', true)).toEqual({ answer: { a: 1 }, isText: false });
    expect(written('yes, go on', true)).toEqual({ answer: 'yes, go on', isText: true });
    expect(written('true', true).answer).toBe(true);
  });

  it('is refused where it must be JSON, or was meant to be', () => {
    expect(written('yes', false).fault).toBe('This is not JSON.');
    expect(written('{"a": }', true).fault).toBe('This is not JSON.');
  });
});

it('faults belong to fields by pointer, whatever the name', () => {
  const field = (name: string | null) => ({ name }) as Field;
  const at = (pointer: string) => ({ code: 'x', pointer, detail: '' });
  expect(isOf(field('a/b c'), at('#/a~1b%20c'))).toBe(true);
  expect(isOf(field('a'), at('#/a/0'))).toBe(true);
  expect(isOf(field('a'), at('#/ab'))).toBe(false);
  expect(isOf(field('a'), at('#'))).toBe(false);
  expect(isOf(field(null), at('#'))).toBe(true);
});
