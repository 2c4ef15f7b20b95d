import { expect, it } from 'vitest';
import { exampleOf } from './example';
import { answersOf, inputOf, type Program } from './program';
import { LANGUAGES, snippetOf } from './snippets';

const program: Program = { base: 'http://127.0.0.1:8000/flows', workflow: '0197f9d2-6f3e-7000-8000-000000000001', input: 'tides', answers: [], isKeyed: false };

it('names server, workflow and input in every language', () => {
  for (const language of LANGUAGES) {
    const { code } = snippetOf(language, program);
    expect(code).toContain('http://127.0.0.1:8000/flows');
    expect(code).toContain(program.workflow);
    expect(code).toContain('tides');
    expect(code).not.toMatch(/WORKFLOW_API_KEY|answer|undefined/i);
  }
});

it('answers each person, and takes the key from the environment', () => {
  for (const language of LANGUAGES) {
    const { code } = snippetOf(language, { ...program, isKeyed: true, answers: [['approve', 'yes']] });
    expect(code).toContain('WORKFLOW_API_KEY');
    expect(code).toMatch(/approve/);
    expect(code).toContain('Here your program asks a person.');
  }
});

it('finds people in maps and loops, with an answer that fits', () => {
  const human = (id: string, schema?: unknown) => ({ id, type: 'HumanNode', data: { message: '?', schema } });
  const loop = {
    id: 'rounds',
    type: 'LoopNode',
    data: { nodes: [human('inner', { type: 'object', required: ['ok'], properties: { ok: { type: 'boolean' }, more: {} } })] },
  };
  expect(answersOf({ nodes: [human('outer'), { id: 'a', type: 'PromptNode', data: { template: '' } }, loop] })).toEqual([
    ['outer', 'yes'],
    ['inner', { ok: true }],
  ]);
  expect(answersOf({ nodes: 7 })).toEqual([]);
  expect(answersOf(null)).toEqual([]);
});

it('uses the input that was written, unless it is long or missing', () => {
  const spec = { input: { type: 'string', examples: ['an example'] } };
  expect(inputOf(spec, 'mine')).toBe('mine');
  expect(inputOf(spec, { a: [1] })).toEqual({ a: [1] });
  for (const written of ['', undefined, 'x'.repeat(500)]) expect(inputOf(spec, written)).toBe('an example');
  expect(inputOf({}, '')).toBe('yes');
});

it('makes an example of each kind of schema', () => {
  for (const [schema, value] of [
    [{ const: null }, null],
    [{ default: 3 }, 3],
    [{ examples: [], enum: ['a', 'b'] }, 'a'],
    [{ anyOf: [{ type: 'integer', minimum: 2.5 }, {}] }, 3],
    [{ type: 'number', maximum: 0.5 }, 0.5],
    [{ type: ['null', 'string'] }, null],
    [{ type: 'array', minItems: 2, items: { type: 'boolean' } }, [true, true]],
    [{ type: 'string', minLength: 5 }, 'yes..'],
    [{ type: 'string', maxLength: 2 }, 'ye'],
    [
      { properties: { a: {} }, required: ['a', 'constructor'] },
      { a: 'yes', constructor: 'yes' },
    ],
    [true, 'yes'],
  ] as [unknown, unknown][])
    expect(exampleOf(schema)).toEqual(value);
});
