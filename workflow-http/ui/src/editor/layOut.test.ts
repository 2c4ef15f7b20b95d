import { describe, expect, it } from 'vitest';
import { layOut } from './layOut';

describe('JSON that is laid out', () => {
  it('keeps on one line what fits', () => {
    expect(layOut({ id: 'a', needs: [], data: { n: 1, ok: null } })).toBe('{ "id": "a", "needs": [], "data": { "n": 1, "ok": null } }');
  });

  it('breaks what does not, and only that', () => {
    const long = 'x'.repeat(64);
    expect(layOut({ id: 'a', data: { prompt: long } })).toBe(`{\n  "id": "a",\n  "data": {\n    "prompt": "${long}"\n  }\n}`);
    expect(layOut([[1, 2], long])).toBe(`[\n  [1, 2],\n  "${long}"\n]`);
  });

  it('says the same as before', () => {
    const spec = {
      name: 'a "b" \n',
      nodes: Array.from({ length: 30 }, (_, index) => ({ id: `n${index}`, type: 'PromptNode', data: { template: `{{ input }} ${'é'.repeat(index)}` } })),
      output: {},
      none: [],
    };
    expect(JSON.parse(layOut(spec))).toEqual(spec);
  });
});
