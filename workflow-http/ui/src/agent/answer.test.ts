import { describe, expect, it } from 'vitest';
import type { Step } from '../run/run';
import { answerOf, argsFormOf, faultsOfArgs } from './answer';
import { callWord, decisionWords, gistOf, resultWords } from './gist';

const input = { type: 'object', properties: { number: { type: 'string' }, amount: { type: 'number' } }, required: ['number'] };
const call = { tool: 'refund', args: { number: 'A', amount: 5 }, input };

describe('an answer', () => {
  it('approves a call as it is, also if its arguments were looked at', () => {
    expect(answerOf(call, undefined)).toEqual({ action: 'approve' });
    expect(answerOf(call, { args: { amount: 5, number: 'A' } })).toEqual({ action: 'approve' });
  });

  it('has the arguments that differ, whole', () => {
    expect(answerOf(call, { args: { number: 'B', amount: 5 } })).toEqual({ action: 'approve', args: { number: 'B', amount: 5 } });
    expect(answerOf(call, { args: null })).toEqual({ action: 'approve', args: null });
  });

  it('refuses, with a reason if there is one', () => {
    expect(answerOf(call, { reason: ' It is late. ' })).toEqual({ action: 'refuse', reason: 'It is late.' });
    expect(answerOf(call, { reason: '  ' })).toEqual({ action: 'refuse' });
  });

  it('has the faults of the arguments at their places', () => {
    const fault = (pointer: string) => ({ code: 'x', pointer, detail: 'd' });
    expect(faultsOfArgs(['#/args/amount', '#/args', '#/argsx', '#'].map(fault)).map(({ pointer }) => pointer)).toEqual(['#/amount', '#', '#/argsx', '#']);
  });
});

describe('the arguments have a form', () => {
  it('of the fields that the tool names', () => expect(argsFormOf(call)).toMatchObject({ kind: 'group', fields: [{ name: 'number' }, { name: 'amount' }] }));

  it.each([
    ['more than the form can show', { ...call, args: { ...call.args, more: true } }],
    ['a value of another type', { ...call, args: { number: 7 } }],
    ['no schema', { tool: 'x', args: { a: 1 }, input: undefined }],
    ['no fields', { tool: 'x', args: {}, input: { type: 'object' } }],
    ['a schema that is none', { tool: 'x', args: {}, input: 'odd' }],
    ['no object', { ...call, args: [1] }],
  ])('but not for %s', (_, asked) => expect(argsFormOf(asked)).toBeNull());
});

describe('in a few words', () => {
  const step = (change: Partial<Step>) => change as Step;
  const turn = (said: object, text = '') => gistOf({ index: 0, step: step({ text }), said, calls: [] });

  it('a turn is what it called, else what it said', () => {
    expect(
      turn({
        text: 'Look.',
        calls: [
          { tool: 'a', args: {} },
          { tool: 'b', args: {} },
          { tool: 'a', args: {} },
        ],
      }),
    ).toBe('called 2 × a, b');
    expect(turn({ text: 'Look.', output: { ok: true } })).toBe('{"ok":true}');
    expect(turn({}, 'So far')).toBe('So far');
  });

  it('names of any length that a model made up are cut off', () => {
    expect(turn({ calls: [{ tool: 'x'.repeat(10_000), args: {} }] }).length).toBeLessThan(120);
  });

  it('a call is its result, or its error', () => {
    expect(resultWords(undefined)).toBe('');
    expect(resultWords(step({ state: 'completed', output: 0 }))).toBe('0');
    expect(resultWords(step({ state: 'failed', error: { detail: 'No.' } }))).toBe('No.');
    expect(callWord(step({ state: 'failed', error: { code: 'refused', detail: '' }, handled: true }))).toBe('Refused');
    expect(callWord(step({ state: 'failed', error: { code: 'expired', detail: '' }, handled: true }))).toBe('Expired');
    expect(callWord(step({ state: 'failed', error: { code: 'http', detail: '' }, handled: true }))).toBe('Failed, model told');
    expect(callWord(step({ state: 'failed', error: { code: 'ambiguous', detail: '' }, handled: false }))).toBeUndefined();
  });

  it('a decision is who decided what', () => {
    expect(decisionWords({})).toBe('');
    expect(decisionWords({ decision: { isApproved: true } })).toBe('A person approved the call.');
    expect(decisionWords({ decision: { isApproved: false } })).toBe('A person refused the call.');
  });
});
