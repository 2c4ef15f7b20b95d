import { expect, it } from 'vitest';
import { fixOf } from './fix';

/** The text after the fix of a fault at the part between bars. */
function fixed(marked: string, detail: string, hint = 'did you mean `summary`?'): string | undefined {
  const [before, at, after] = marked.split('|') as [string, string, string];
  const text = before + at + after;
  const fix = fixOf(text, { detail, hint, from: before.length, to: before.length + at.length });
  return fix?.places.reduceRight((text, { from, to }) => text.slice(0, from) + fix.meant + text.slice(to), text);
}

const UNKNOWN = '`sumary` is not a node of this workflow';

it.each([
  ['a type', '"type": |"LLMNod"|', '`LLMNod` is not a node type', 'did you mean `LLMNode`?', '"type": "LLMNode"'],
  ['the name of a field', '|"neds"|: ["a"]', '`neds` is not a field here', 'did you mean `needs`?', '"needs": ["a"]'],
  ['a workflow', '|"sumarise"|', 'there is no workflow `sumarise`', 'did you mean `summarise`?', '"summarise"'],
  [
    'a field of a node',
    '|"{{ a.text }}"|',
    '`a.text` is not there: a node has `status`, `output` and `error`',
    'did you mean `a.output.text`?',
    '"{{ a.output.text }}"',
  ],
  ['a condition', `|"sumary.output == 'x'"|`, UNKNOWN, undefined, `"summary.output == 'x'"`],
  [
    'each place of a template',
    '|"{% if sumary.output %}{{ sumary.output }}{% endif %}"|',
    UNKNOWN,
    undefined,
    '"{% if summary.output %}{{ summary.output }}{% endif %}"',
  ],
  ['no prose', '|"A sumary: {{ sumary.output }}"|', UNKNOWN, undefined, '"A sumary: {{ summary.output }}"'],
  [
    'no longer name',
    '|"{{ sumary.output ~ sumary_2.output ~ x.sumary ~ a-sumary }}"|',
    UNKNOWN,
    undefined,
    '"{{ summary.output ~ sumary_2.output ~ x.sumary ~ a-sumary }}"',
  ],
])('mends %s', (_, marked, detail, hint, text) => {
  expect(fixed(marked, detail, hint)).toBe(text);
});

it.each([
  ['has a hint that names nothing', '|"sumary"|', UNKNOWN, 'the nodes are `summary`'],
  ['has no hint', '|"sumary"|', UNKNOWN, ''],
  ['does not say what is wrong', '|"sumary"|', 'not a node', undefined],
  ['is elsewhere by now', '|"other"|, "sumary"', UNKNOWN, undefined],
])('mends nothing when the fault %s', (_, marked, detail, hint) => {
  expect(fixed(marked, detail, hint)).toBeUndefined();
});
