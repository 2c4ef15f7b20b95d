import { expect, it } from 'vitest';
import { age, asLine, asText, count, duration, ended, moment, parts, plural, sentence, titleOf, ordinal } from './format';

it.each([
  [0.4, '0 ms'],
  [4, '4 ms'],
  [999, '999 ms'],
  [3240, '3.2 s'],
  [59_949, '59.9 s'],
  [59_999, '1m 0s'],
  [82_000, '1m 22s'],
  [18 * 60_000, '18m'],
  [7_169_000, '119m'],
  [7_199_000, '2h'],
  [5 * 3_600_000, '5h'],
  [172_799_000, '2d'],
  [3 * 86_400_000, '3d'],
])('%d ms is %s', (ms, words) => expect(duration(ms)).toBe(words));

it.each([
  [0, '0'],
  [9999, '9,999'],
  [18_432, '18.4k'],
  [2_500_000, '2.5M'],
])('%d is %s', (n, words) => expect(count(n)).toBe(words));

it.each([
  [new Date(2026, 2, 3, 14, 5), '14:05'],
  [new Date(2026, 2, 4, 0, 1), 'tomorrow 00:01'],
  [new Date(2026, 4, 6, 9, 30), '6 May 09:30'],
  [new Date(2027, 0, 1, 9, 30), '1 Jan 2027 09:30'],
])('%s is %s', (at, words) => expect(moment(at.toISOString(), new Date(2026, 2, 3, 12).getTime())).toBe(words));

it('knows one from many', () => {
  expect(plural(1, 'fault')).toBe('1 fault');
  expect(plural(2, 'fault')).toBe('2 faults');
});

it('writes text as it is and the rest as JSON', () => {
  expect(asText('a')).toBe('a');
  expect(asText({ a: 1 })).toBe('{\n  "a": 1\n}');
  expect(asLine([1, 'a'])).toBe('[1,"a"]');
  expect(asText(undefined)).toBe('');
});

it('begins a sentence with a capital, unless it begins with code', () => {
  expect(sentence('there is no `a`')).toBe('There is no `a`');
  expect(sentence('`a` is needed twice')).toBe('`a` is needed twice');
  expect(sentence('')).toBe('');
});

it('separates code from words', () => {
  expect(parts('`a` is not `b`, ` or')).toEqual([
    { text: 'a', isCode: true },
    { text: ' is not ', isCode: false },
    { text: 'b', isCode: true },
    { text: ', ` or', isCode: false },
  ]);
});

it.each([
  [59_000, 'now'],
  [120_000, '2m'],
  [5 * 3_600_000, '5h'],
  [3 * 86_400_000, '3d'],
])('%d ms ago is %s', (ms, words) => expect(age(new Date(1e12).toISOString(), 1e12 + ms)).toBe(words));

it.each([
  ['Quantum Computing', 'Quantum Computing'],
  ['{"text":"Charged \\"twice\\"\\nin March"}', 'Charged "twice" in March'],
  ['{"docs":["One.","Two."]}', 'One.'],
  ['{"deep":{"er":"Text cut off', 'Text cut off'],
  ['[1, 2]', '[1, 2]'],
  ['null', 'No input'],
])('the input %s is called %s', (excerpt, title) => expect(titleOf(excerpt)).toBe(title));

it.each([
  ['the port is closed', 'the port is closed.'],
  ['Please retry in 2s.', 'Please retry in 2s.'],
  ['did you mean `a`?', 'did you mean `a`?'],
])('%s, before another sentence, is %s', (text, words) => expect(ended(text)).toBe(words));

it.each([
  [1, '1st'],
  [2, '2nd'],
  [3, '3rd'],
  [11, '11th'],
  [12, '12th'],
  [23, '23rd'],
  [111, '111th'],
  [1000, '1,000th'],
])('%s is the %s', (n, words) => expect(ordinal(n)).toBe(words));
