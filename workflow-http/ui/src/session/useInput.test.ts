import { expect, it } from 'vitest';
import { inputOf, jsonFaultOf, kindOf, inputValue, type Input } from './useInput';
import { pastedAs } from './usePaste';

it.each<[Input, unknown]>([
  [{ text: 'Tides' }, 'Tides'],
  [{ text: '7' }, '7'],
  [{ text: '{"a": 1}' }, { a: 1 }],
  [{ text: '{"a": 1}', as: 'text' }, '{"a": 1}'],
  [{ text: '7', as: 'json' }, 7],
  [{ text: '"7"', as: 'json' }, '7'],
  [{ text: '{"a"' }, '{"a"'],
  [{ text: '{"a"', as: 'json' }, undefined],
])('%j is sent as %j', (input, value) => expect(inputValue(input)).toEqual(value));

it.each<[Input, string | undefined]>([
  [{ text: 'Tides' }, undefined],
  [{ text: '{"a"', as: 'text' }, undefined],
  [{ text: '{"a" 1}' }, 'Not JSON at line 1, column 6: A colon is missing here.'],
  [{ text: 'Tides', as: 'json' }, 'Not JSON at line 1, column 1: A value is missing here.'],
  [{ text: '', as: 'json' }, 'The input is empty.'],
])('%j has the fault %j', (input, fault) => expect(jsonFaultOf(input)).toBe(fault));

it.each([['a'], ['{"a": 1}'], [7], [null], [true], [{ a: 1 }], [[1]]])('the value %j is sent as it is', (value) =>
  expect(inputValue(inputOf(value))).toEqual(value),
);

it('a text that was given stays open for JSON', () => expect(kindOf({ ...inputOf('Tides'), text: '{"a": 1}' })).toBe('json'));

it.each([
  ['{"nodes": []}', 'workflow'],
  ['{"nodes": [', 'workflow'],
  ['{"a": 1}', 'other'],
  ['[1, 2]', 'other'],
  ['{"a":', 'nothing'],
  ['Some words', 'nothing'],
  ['', 'nothing'],
])('%j is pasted as %s', (text, kind) => expect(pastedAs(text)).toBe(kind));
