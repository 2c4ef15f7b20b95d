import { describe, expect, it } from 'vitest';
import { formOf, type Field, type Group, type Variants } from './fields';
import { filledIn, initialOf, isAt, isIn, jsonOf, startOf, valueFrom, written, type Value } from './values';

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
const form = formOf(review) as Group;
const made = (values: Record<string, Value>) => jsonOf(form, { ...(initialOf(form) as object), ...values });
const details = (field: Field, value: Value) => jsonOf(field, value).faults.map(({ pointer, detail }) => [pointer, detail]);

describe('an object', () => {
  it('has a field for each property', () => {
    expect(form.fields.map((field) => [field.label, field.kind, field.isRequired])).toEqual([
      ['It is good', 'boolean', true],
      ['score', 'integer', true],
      ['tone', 'choice', true],
      ['name', 'line', false],
      ['comment', 'text', false],
    ]);
    expect(form.fields[0]!.description).toBe('Whether it can go out.');
    expect(form.fields[1]!.facts).toEqual(['whole number', 'at least 1', 'at most 5', 'required']);
  });

  it('makes JSON of the right types', () => {
    expect(made({ ok: 'true', score: '4', tone: '1', comment: 'a' })).toEqual({ json: { ok: true, score: 4, tone: 7, comment: 'a' }, faults: [] });
  });

  it('leaves out what is optional and empty', () => {
    expect(made({ ok: 'false', score: '1', tone: '2' })).toEqual({ json: { ok: false, score: 1, tone: null }, faults: [] });
  });

  it('says what is missing and what is no number', () => {
    expect(details(form, { score: 'four' })).toEqual([
      ['#/ok', 'Choose one.'],
      ['#/score', 'Not a whole number.'],
      ['#/tone', 'Choose one.'],
    ]);
    expect(details(form, { ok: 'true', score: '1.5', tone: '0' })).toHaveLength(1);
  });

  it('shows what was written as JSON', () => {
    expect(valueFrom(form, { ok: true, score: 2, tone: 7, comment: 'x', more: 1 })).toEqual({ ok: 'true', score: '2', tone: '1', name: '', comment: 'x' });
  });

  it('begins with its defaults', () => {
    const some = formOf({
      properties: { a: { type: 'boolean', default: true }, b: { enum: ['x', 'y'], default: 'y' }, c: { type: 'number', default: 2 }, d: { const: 'only' } },
    })!;
    expect(initialOf(some)).toEqual({ a: 'true', b: '1', c: '2', d: '0' });
  });
});

it('a schema of one flat value is one field, and its value the answer', () => {
  const only = formOf({ type: 'boolean', title: 'Go on?' })!;
  expect(only).toMatchObject({ name: null, label: 'Go on?', kind: 'boolean' });
  expect(jsonOf(only, 'true')).toEqual({ json: true, faults: [] });
});

describe('what is nested', () => {
  const order = formOf({
    type: 'object',
    required: ['lines'],
    properties: {
      to: { type: 'object', required: ['city'], properties: { city: { type: 'string' }, zip: { type: 'integer' } } },
      lines: { type: 'array', maxItems: 3, items: { type: 'object', required: ['sku'], properties: { sku: { type: 'string' }, n: { type: 'integer' } } } },
      tags: { type: 'array', items: { type: 'string' } },
    },
  })! as Group;

  it('makes objects and lists', () => {
    const value = {
      to: { city: 'Rome', zip: '' },
      lines: [
        { sku: 'a', n: '2' },
        { sku: 'b', n: '' },
      ],
      tags: [],
    };
    expect(jsonOf(order, value)).toEqual({ json: { to: { city: 'Rome' }, lines: [{ sku: 'a', n: 2 }, { sku: 'b' }] }, faults: [] });
  });

  it('is left out when it is optional and nothing in it is filled in', () => {
    expect(jsonOf(order, initialOf(order))).toEqual({ json: { lines: [] }, faults: [] });
  });

  it('says where something is missing', () => {
    expect(
      details(order, {
        to: { city: '', zip: '1' },
        lines: [
          { sku: 'a', n: '' },
          { sku: '', n: 'x' },
        ],
        tags: [''],
      }),
    ).toEqual([
      ['#/to/city', 'Fill this in.'],
      ['#/lines/1/sku', 'Fill this in.'],
      ['#/lines/1/n', 'Not a whole number.'],
      ['#/tags/0', 'Fill this in.'],
    ]);
  });

  it('comes back from JSON as it was', () => {
    const json = { to: { city: 'Rome', zip: 1 }, lines: [{ sku: 'a' }], tags: ['x', 'y'] };
    expect(jsonOf(order, valueFrom(order, json)).json).toEqual(json);
  });

  it('knows its faults', () => {
    const fault = (pointer: string) => ({ code: 'x', pointer, detail: '' });
    expect(isIn(order, '', fault('#/lines/1/sku'))).toBe(true);
    expect(isIn(order, '', fault('#/lines/0/colour'))).toBe(false);
    expect(isIn(order, '', fault('#/elsewhere'))).toBe(false);
    expect(isAt('/lines', fault('#/lines'))).toBe(true);
  });
});

it.each([
  ['nothing', undefined],
  ['anything', {}],
  ['an object that is not described', { type: 'object' }],
  ['a choice of schemas', { anyOf: [{ type: 'string' }] }],
])('%s is written as JSON', (_, schema) => expect(formOf(schema)).toBeNull());

it.each([
  ['a choice of schemas', { properties: { a: { anyOf: [{ type: 'string' }] } } }],
  ['something required and not described', { required: ['a'], properties: { b: { type: 'string' } } }],
  ['a list of anything', { properties: { a: { type: 'array' } } }],
])('in an object, %s is written as JSON', (_, schema) => {
  const group = formOf(schema) as Group;
  expect(group.fields.find(({ name }) => name === 'a')?.kind).toBe('json');
  expect(jsonOf(group, { a: '{"x": 1}', b: '' }).json).toEqual({ a: { x: 1 } });
  expect(jsonOf(group, { a: '{', b: '' }).faults).toMatchObject([{ pointer: '#/a', detail: 'This is not JSON.' }]);
});

it('ends however deep a schema is', () => {
  let schema: object = { type: 'string' };
  for (let depth = 0; depth < 50; depth += 1) schema = { properties: { a: schema } };
  expect(JSON.stringify(formOf(schema))).toContain('"json"');
});

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
  const field = formOf({ properties: { 'a/b c': { type: 'string' }, a: { type: 'string' } } })!;
  const at = (pointer: string) => ({ code: 'x', pointer, detail: '' });
  expect(isIn(field, '', at('#/a~1b%20c'))).toBe(true);
  expect(isIn(field, '', at('#/a/0'))).toBe(true);
  expect(isIn(field, '', at('#/ab'))).toBe(false);
  expect(isIn(formOf({ type: 'string' })!, '', at('#'))).toBe(true);
});

describe('one of several objects', () => {
  const action = (name: string, title: string) => ({ const: name, title });
  const schema = {
    type: 'object',
    required: ['action'],
    oneOf: [
      { title: 'Do it', properties: { action: action('do', 'Do it') }, additionalProperties: false },
      { title: 'Complete', properties: { action: action('complete', 'Complete'), output: true }, required: ['output'], additionalProperties: false },
      {
        properties: { action: { const: 'raise' }, by: { type: 'object', properties: { usd: { type: 'number' }, calls: { type: 'integer' } } } },
        required: ['by'],
      },
    ],
  };
  const form = formOf(schema) as Variants;
  const pick = (index: number, value?: Value) => {
    const { of } = initialOf(form) as { of: Value[] };
    return { pick: String(index), of: value === undefined ? of : of.with(index, value) };
  };

  it('asks which one, by the title or the value', () => {
    expect(form.kind).toBe('variants');
    expect(form.options.map(({ label, form: { fields } }) => [label, fields.map(({ name, kind }) => `${name}: ${kind}`)])).toEqual([
      ['Do it', []],
      ['Complete', ['output: json']],
      ['raise', ['by: group']],
    ]);
    expect(details(form, initialOf(form))).toEqual([['#/action', 'Choose one.']]);
  });

  it('makes the JSON of the one that is chosen', () => {
    expect(jsonOf(form, pick(0)).json).toEqual({ action: 'do' });
    expect(jsonOf(form, pick(1, { output: '{"a": 1}' })).json).toEqual({ action: 'complete', output: { a: 1 } });
    expect(jsonOf(form, pick(2, { by: { usd: '0.5', calls: '' } })).json).toEqual({ action: 'raise', by: { usd: 0.5 } });
    expect(details(form, pick(1, { output: 'no JSON' }))).toEqual([['#/output', 'This is not JSON.']]);
  });

  it('shows what was written as JSON', () => {
    for (const json of [{ action: 'do' }, { action: 'complete', output: [1] }, { action: 'raise', by: { calls: 3 } }])
      expect(jsonOf(form, valueFrom(form, json)).json).toEqual(json);
    expect(valueFrom(form, { action: 'other' })).toMatchObject({ pick: '' });
  });

  it('fills in an output without choosing', () => {
    const filled = filledIn(form, initialOf(form), 'output', { kind: 'refund' });
    expect(filled).toMatchObject({ pick: '' });
    expect(jsonOf(form, { ...(filled as object), pick: '1' }).json).toEqual({ action: 'complete', output: { kind: 'refund' } });
  });

  it('is JSON where the objects have nothing to tell them apart', () => {
    expect(formOf({ oneOf: [{ properties: { a: { const: 1 } } }, { properties: { b: { const: 2 } } }] })).toBeNull();
    expect(formOf({ oneOf: [{ type: 'string' }, null] })).toBeNull();
    expect(formOf({ oneOf: [{ properties: { constructor: { type: 'string' } } }] })).toBeNull();
  });
});
