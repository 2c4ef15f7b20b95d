import { expect, it } from 'vitest';
import { scan } from '../editor/scan';
import { remedyOf } from './remedy';

/** The button, and the text of the node after it was pressed. */
function mended(node: object, error: { code?: string; detail: string; hint?: string }): [string, unknown] | undefined {
  const text = JSON.stringify({ nodes: [{ id: 'before', type: 'PromptNode', data: { template: '{{ a.output.knid }}' } }, node] }, null, 2);
  const remedy = remedyOf(text, { span: scan(text).spans!.get('/nodes/1')!, pointer: '/nodes/1' }, error);
  if (!remedy) return undefined;
  const { places, meant } = remedy.fix;
  const after = places.reduceRight((text, { from, to }) => text.slice(0, from) + meant + text.slice(to), text);
  return [remedy.words, (JSON.parse(after) as { nodes: unknown[] }).nodes[1]];
}

const missing = { code: 'template_error', detail: '`a.output.knid` is missing: `a.output` has `kind`', hint: 'did you mean `a.output.kind`?' };

it('a name that is nearly right is replaced, in templates and in expressions, in this step only', () => {
  expect(mended({ data: { template: 'A knid: {{ a.output.knid }}' } }, missing)).toEqual(['Use “kind”', { data: { template: 'A knid: {{ a.output.kind }}' } }]);
  expect(mended({ when: 'a.output.knid', data: { template: '{{ b }}' } }, missing)).toEqual([
    'Use “kind”',
    { when: 'a.output.kind', data: { template: '{{ b }}' } },
  ]);
  expect(mended({ data: { template: '{{ b }}' } }, missing)).toBeUndefined();
});

it('an expression of a map is mended, and not the templates in it', () => {
  const node = { type: 'MapNode', data: { over: 'a.output.knid', nodes: [{ id: 'x', data: { template: '{{ a.output.knid }}' } }] } };
  const text = JSON.stringify({ nodes: [node] });
  const { spans } = scan(text);
  const remedy = remedyOf(text, { span: spans!.get('/nodes/0')!, pointer: '/nodes/0' }, missing, [spans!.get('/nodes/0/data/nodes/0')!]);
  expect(remedy?.fix.places).toEqual([{ from: text.indexOf('a.output.knid'), to: text.indexOf('a.output.knid') + 13 }]);
});

it('a limit that was reached is doubled, if it is written', () => {
  const late = { code: 'timeout', detail: 'the attempt took longer than 30s' };
  expect(mended({ timeout: '30s', data: {} }, late)).toEqual(['Allow 60s', { timeout: '60s', data: {} }]);
  expect(mended({ data: {} }, late)).toBeUndefined();
  const short = { code: 'out_of_tokens', detail: 'no text within 64 tokens' };
  expect(mended({ data: { max_output_tokens: 64 } }, short)).toEqual(['Allow 128 tokens', { data: { max_output_tokens: 128 } }]);
});

it('an error with no single answer has none', () => {
  expect(mended({ timeout: '30s', data: {} }, { code: 'rate_limited', detail: 'too many requests' })).toBeUndefined();
});
