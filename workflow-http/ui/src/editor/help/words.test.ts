import { describe, expect, it } from 'vitest';
import { definedIn, wordAt } from './words';

/** What is written before the cursor in a template, and in an expression. */
const inTemplate = (text: string) => show(wordAt(text, false));
const inExpression = (text: string) => show(wordAt(text, true));
const show = (word: ReturnType<typeof wordAt>) => word && `${word.kind} ${word.path} ${word.written}`.replaceAll(/ +/g, ' ');

describe('a word of a template', () => {
  it.each([
    ['{{', 'reference 0'],
    ['{{ ', 'reference 0'],
    ['{{ inp', 'reference 3'],
    ['a {{ x }} b {{ a.', 'reference a 0'],
    ['{{ a.output.it', 'reference a.output 2'],
    ['{{ a.output[0].', 'reference a.output[0] 0'],
    ["{{ a.output['b c'].", "reference a.output['b c'] 0"],
    ['{{ (a.', 'reference a 0'],
    ['{{ a ~ b', 'reference 1'],
    ['{{ a == ', 'reference 0'],
    ['{% if ', 'reference 0'],
    ['{% if not a.output', 'reference a 6'],
    ['{% for x in a.', 'reference a 0'],
    ['{{ a | ', 'filter 0'],
    ['{{ a |jo', 'filter 2'],
    ["{{ a | join(', ') | up", 'filter 2'],
    ['{% ', 'statement 0'],
    ['{% fo', 'statement 2'],
    ['{% if a is ', 'test 0'],
    ['{% if a is not def', 'test 3'],
  ])('%s is %s', (text, word) => expect(inTemplate(text)).toBe(word));

  it.each(['', 'inp', '{{ a }}', '{{ a }} b', '{% for x', '{% set y', "{{ 'inp", '{{ \\"a.', '{{ a.output ', '{{ (a) ', '{{ 1', "{{ 'a'."])(
    'there is none in %s',
    (text) => expect(inTemplate(text)).toBeUndefined(),
  );
});

it('an expression has no braces', () => {
  expect(inExpression('')).toBe('reference 0');
  expect(inExpression('inp')).toBe('reference 3');
  expect(inExpression('a.')).toBe('reference a 0');
  expect(inExpression('a.output == ')).toBe('reference 0');
  expect(inExpression("a.output == 'x")).toBeUndefined();
  expect(inExpression('a.output and b.')).toBe('reference b 0');
  expect(inExpression('a is ')).toBe('test 0');
});

it('names are defined until their block ends', () => {
  expect(definedIn('{% for m in each.output %}{{ m.')).toEqual([{ name: 'm', value: 'each.output', isItem: true }]);
  expect(definedIn('{% for m in each.output %}{% endfor %}{% set x = input.a %}')).toEqual([{ name: 'x', value: 'input.a', isItem: false }]);
});
