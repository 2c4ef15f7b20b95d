import { expect, it } from 'vitest';
import type { RunEvent } from '../api/types';
import { originWords } from './origin';
import { reduce } from './reduce';
import { newRun } from './run';

const nodes = ['a', 'b', 'c'].map((id) => ({ id, type: 'LLMNode', needs: [] }));
const said = (created: object, ...events: object[]) => {
  const all = [{ type: 'run.created', input: null, nodes, ...created }, ...events].map((event, index) => ({
    seq: index + 1,
    time: '2026-01-01T00:00:00Z',
    ...event,
  }));
  const words = originWords(reduce(newRun('r'), all as unknown as RunEvent[]));
  return words && `${words.before}[…]${words.after}`;
};
const completed = (id: string, more: object) => ({ type: 'node.completed', node: id, path: id, attempt: 0, output: 1, ...more });
const end = { type: 'run.completed', output: null };

it('says nothing of a first run', () => expect(said({})).toBeUndefined());

it('says how many results were reused, and what was set', () => {
  const created = { retry_of: 'x', continues: { results: 3 }, overrides: { b: 'refund' } };
  expect(said(created, completed('a', { reused: true }), completed('b', { overridden: true }), end)).toBe(
    'Continued from […] with 1 result reused, `b` set to `refund`.',
  );
});

it('says which set outputs were not reached, once the run has ended', () => {
  const created = { retry_of: 'x', continues: { results: 3 }, overrides: { b: { kind: 'refund' }, c: 'x'.repeat(99), d: 1 } };
  expect(said(created)).toBe(`Continued from […], \`b\` set to \`{"kind":"refund"}\`, \`c\` set to \`${'x'.repeat(40)}…\`, 1 more output set.`);
  expect(said(created, completed('b', { overridden: true }), completed('c', { overridden: true }), end)).toMatch(/set\. `d` was not reached\.$/);
});

it('says that a table was too large', () => {
  expect(said({ retry_of: 'x', continues: { results: 3, left_out: 2 } }, completed('a', { reused: true }))).toBe(
    'Continued from […] with 1 result reused and 2 results too large to take over.',
  );
});

it('says what the only step is, and where a run begins again', () => {
  expect(said({ retry_of: 'x', only: 'b' }, completed('a', { reused: true }))).toBe('Only `b`, with the results of […].');
  expect(said({ retry_of: 'x', from: 'b' }, completed('a', { reused: true }))).toBe('Run again from `b` of […] with 1 result reused.');
  expect(said({ retry_of: 'x', from: 'b', continues: { results: 1 } }, end)).toBe('Continued from […] with no result reused, `b` run again in any case.');
  expect(said({ retry_of: 'x' })).toBe('Another run of […].');
});
