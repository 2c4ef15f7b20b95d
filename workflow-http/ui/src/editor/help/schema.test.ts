import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { aboutOf, namesAt, schemasAt, valuesAt, type Schema } from './schema';

// The schema as the server has it.
const root = JSON.parse(readFileSync(new URL('../../../../../docs/workflow.schema.json', import.meta.url), 'utf8')) as Schema;

const spec = {
  nodes: [
    { id: 'ask', type: 'LLMNode', data: { prompt: 'x' } },
    { id: 'each', type: 'MapNode', data: { over: 'input', nodes: [{ id: 'sum', type: 'PromptNode', data: {} }] } },
    { id: 'new' },
  ],
};
const names = (...path: (string | number)[]) => namesAt(root, spec, path).map(({ text }) => JSON.parse(text) as string);
const values = (...path: (string | number)[]) => valuesAt(root, spec, path).map(({ text }) => JSON.parse(text) as unknown);
const about = (...path: (string | number)[]) => aboutOf(schemasAt(root, spec, path));

describe('names', () => {
  it('are those of the place that are not there yet', () => {
    expect(names()).toContain('timeout');
    expect(names()).not.toContain('nodes');
    expect(names('nodes', 0)).toContain('needs');
    expect(names('nodes', 0)).not.toContain('data');
  });

  it('of `data` are those of the type that is written beside it', () => {
    expect(names('nodes', 0, 'data')).toContain('temperature');
    expect(names('nodes', 0, 'data')).not.toContain('prompt');
    expect(names('nodes', 1, 'data')).toContain('concurrency');
    expect(names('nodes', 2, 'data')).toEqual([]);
  });

  it('are known in maps and loops', () => {
    expect(names('nodes', 1, 'data', 'nodes', 0)).toContain('when');
    expect(names('nodes', 1, 'data', 'nodes', 0, 'data')).toContain('template');
  });

  it('come with what they mean and what their value begins with', () => {
    const needs = namesAt(root, spec, ['nodes', 0]).find(({ text }) => text === '"needs"');
    expect(needs).toMatchObject({ start: '[]', isRequired: false });
    expect(needs?.about).toMatch(/settled before it starts/);
    expect(namesAt(root, spec, ['nodes', 2]).find(({ text }) => text === '"type"')).toMatchObject({ start: '""', isRequired: true });
  });

  it('are none where anything may stand, or nothing is known', () => {
    expect(names('elsewhere', 'on', 3)).toEqual([]);
    expect(namesAt({}, undefined, ['a'])).toEqual([]);
  });
});

describe('values', () => {
  it('are those that are listed', () => {
    expect(values('nodes', 2, 'type')).toContain('LLMNode');
    expect(values('version')).toEqual([1]);
    expect(values('nodes', 0, 'data', 'include_thoughts')).toEqual([true, false]);
    expect(values('nodes', 0, 'on_error')).toEqual(expect.arrayContaining(['fail', 'continue']));
  });

  it('are none where any text may stand', () => expect(values('nodes', 0, 'id')).toEqual([]));
});

it('a place is described with its type and limits', () => {
  expect(about('nodes', 0, 'when')).toBe('A bare expression: the node is skipped unless it is true. (an expression)');
  expect(about('nodes', 0, 'retry')).toMatch(/^How often it is tried\..* \(.*integer.*at least 1.*at most 20.*\)$/);
  expect(about('nowhere')).toBeUndefined();
});

it('ends although a schema refers to itself', () => {
  const odd = { $ref: '#/$defs/a', $defs: { a: { anyOf: [{ $ref: '#/$defs/a' }, { properties: { b: { $ref: '#' } } }] } } };
  expect(namesAt(odd, {}, ['b', 'b']).map(({ text }) => text)).toEqual(['"b"']);
});
