import { describe, expect, it } from 'vitest';
import { positionOf, rangeOf, scan, withoutWrapping } from './scan';

const TEXT = `{
  "nodes": [
    { "id": "a", "type": "PromptNode", "data": { "template": "x {{input}}" } },
    {
      "id": "b",
      "type": "LLMNode",
      "data": {}
    }
  ],
  "a/b ~c": [1, true, null]
}`;

function at(pointer: string): string {
  const { spans } = scan(TEXT);
  if (!spans) throw new Error('not JSON');
  const { from, to } = rangeOf(spans, pointer, TEXT);
  return TEXT.slice(from, to);
}

describe('a pointer', () => {
  it('means the text of a value', () => {
    expect(at('#/nodes/0/data/template')).toBe('"x {{input}}"');
    expect(at('#/nodes/1/type')).toBe('"LLMNode"');
  });

  it('means the name of an object or list, or its first line', () => {
    expect(at('#/nodes/1/data')).toBe('"data"');
    expect(at('#/nodes/1')).toBe('{');
    expect(at('#')).toBe('{');
  });

  it('falls back to what is around something missing', () => {
    expect(at('#/nodes/1/data/prompt')).toBe('"data"');
    expect(at('#/nothing/here')).toBe('{');
  });

  it('is unescaped', () => {
    expect(at('#/a~1b%20~0c/1')).toBe('true');
    expect(at('#/%zz')).toBe('{');
  });

  it('means the last of doubled names, as JSON.parse does', () => {
    const text = '{"a": 1, "a": 2}';
    const { spans } = scan(text);
    expect(rangeOf(spans!, '#/a', text)).toEqual({ from: 14, to: 15 });
  });

  it('can mean the name instead of what stands under it', () => {
    const text = '{"typo": 1}';
    const { spans } = scan(text);
    expect(rangeOf(spans!, '#/typo', text, true)).toEqual({ from: 1, to: 7 });
    expect(rangeOf(spans!, '#/typo', text)).toEqual({ from: 9, to: 10 });
  });
});

describe('a text that is not JSON', () => {
  it.each([
    ['', 0, /too early/],
    ['{"a": 1,}', 7, /comma stands before `}`/],
    ['[1 2]', 3, /comma or `]`/],
    ['{"a" 1}', 5, /colon/],
    ['{a: 1}', 1, /double quotes/],
    ["['a']", 1, /value is missing/],
    ['{"a": "x', 6, /does not end/],
    ['{"a": 1', 7, /ends before `}`/],
    ['{} x', 3, /after the end/],
    ['[01]', 2, /comma or `]`/],
    ['["\\x"]', 1, /does not end/],
  ])('%j stops at %i', (text, place, detail) => {
    const { fault } = scan(text);
    expect(fault?.at).toBe(place);
    expect(fault?.detail).toMatch(detail);
    expect(() => JSON.parse(text)).toThrow();
  });

  it('may be as deep as it likes', () => {
    expect(scan('['.repeat(100_000)).fault?.detail).toMatch(/levels deep/);
  });
});

it.each(['1e5', '-0.5', ' "\\u00e9\\n" ', '[]', '{}', '[[],{}]', '{"":{"":1}}'])('%s is JSON', (text) => {
  expect(scan(text).fault).toBeUndefined();
  expect(() => JSON.parse(text)).not.toThrow();
});

it('lines and columns count from 1', () => {
  expect(positionOf('ab\ncd', 0)).toEqual({ line: 1, column: 1 });
  expect(positionOf('ab\ncd', 4)).toEqual({ line: 2, column: 2 });
});

it.each([
  ['\uFEFF{}', 'The text begins with a byte-order mark, which is no JSON.', 'Remove it.'],
  ['```json\n{}\n```', 'The JSON stands in a Markdown fence.', 'Remove the lines that begin with three backquotes.'],
  ["{'a': 1}", 'A name in double quotes is missing here.', 'Write text in double quotes.'],
  ['{“a”: 1}', 'A name in double quotes is missing here.', 'Write text in double quotes.'],
  ['{"a": None}', 'A value is missing here.', 'Write `null`.'],
  ['{"a": True}', 'A value is missing here.', 'Write `true`.'],
  ['{"a": // one\n 1}', 'A value is missing here.', 'JSON has no comments. Remove it.'],
  ['{}\n{}', 'There is more text after the end of the JSON.', undefined],
])('%j is said to be wrong', (text, detail, hint) => expect(scan(text).fault).toMatchObject({ detail, ...(hint ? { hint } : {}) }));

it.each([
  ['\uFEFF{}', '{}'],
  ['```json\n{ "a": 1 }\n```\n', '{ "a": 1 }'],
  ['```\n{}\n```', '{}'],
  ['\uFEFF```JSON\r\n{}\r\n```', '{}'],
  ['{ "a": "```" }', '{ "a": "```" }'],
  ['not JSON', 'not JSON'],
])('%j is pasted as %j', (text, bare) => expect(withoutWrapping(text)).toBe(bare));
