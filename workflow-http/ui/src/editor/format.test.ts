import { describe, expect, it } from 'vitest';
import { asPasted, format, samePlace } from './format';

const COMPACT = '{"nodes":[{"id":"a","type":"PromptNode","data":{"template":"Say {{ input }} in a sentence that is long enough"}}]}';

describe('a formatted text', () => {
  it('differs in its white space only', () => {
    const text = `{"seed":12345678901234567890, "a" :1e-400,"a":[ ],"b":{},"t":"\\u00e9 \\" , : {x}","long":"${'x'.repeat(80)}"}`;
    const formatted = format(text)!;
    expect(formatted.replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
    expect(formatted.split('\n')).toHaveLength(8);
    expect(format(formatted)).toBe(formatted);
  });

  it('is none of what is not JSON', () => expect(format('{"a": }')).toBeUndefined());

  it('keeps the cursor behind the same character', () => {
    const formatted = format(COMPACT)!;
    const at = COMPACT.indexOf('sentence');
    expect(formatted.slice(samePlace(COMPACT, at, formatted))).toMatch(/^ ?sentence/);
    expect(samePlace(COMPACT, 0, formatted)).toBe(0);
    expect(samePlace(COMPACT, COMPACT.length, formatted)).toBe(formatted.length);
  });
});

describe('what is pasted', () => {
  it('is formatted if it is JSON on one line', () => {
    expect(asPasted(COMPACT, '', true)).toBe(format(COMPACT));
    expect(asPasted(`\`\`\`json\n${COMPACT}\n\`\`\``, '', true)).toBe(format(COMPACT));
  });

  it('keeps the lines it has', () => expect(asPasted('{\n"nodes": []}', '', true)).toBe('{\n"nodes": []}'));

  it('may be one node, or several, which are indented as their line is', () => {
    const node = '{"id":"a","type":"LLMNode","data":{"prompt":"Explain this in one sentence: {{ input }}"}}';
    expect(asPasted(node, '    ', false).split('\n')[1]).toBe('      "id": "a",');
    expect(asPasted(`${node},${node}`, '    ', false).match(/^ {4}\{/gm)).toHaveLength(1);
  });

  it('becomes a workflow if it is a list of nodes and there is nothing else', () => {
    expect(asPasted('[{"id":"a"}]', '', true)).toBe('{ "nodes": [{ "id": "a" }] }');
    expect(asPasted('[{"id":"a"}]', '', false)).toBe('[{ "id": "a" }]');
  });

  it('is text if it is no JSON', () => {
    for (const text of ['Say {{ input }}', '{not json}', 'a', '']) expect(asPasted(text, '', true)).toBe(text);
  });
});
