import { describe, expect, it } from 'vitest';
import { BUSY, cpuTimeOf } from '../base/cpuTime';
import { arrange, type Box } from './arrange';

const GAP = 20;
const box = (path: string, ...needs: string[]): Box => ({ path, width: 100, needs });
const placed = (...boxes: Box[]) => {
  const { rankOf, xOf, passes } = arrange(boxes, GAP);
  return { rank: rankOf, x: xOf, passes };
};

describe('an arrangement', () => {
  it('has a chain in one column', () => {
    const { rank, x } = placed(box('a'), box('b', 'a'), box('c', 'b'));
    expect(['a', 'b', 'c'].map(rank)).toEqual([0, 1, 2]);
    expect(new Set(['a', 'b', 'c'].map(x))).toEqual(new Set([50]));
  });

  it('keeps the order of the text, with what parts and what joins in the middle', () => {
    const { x } = placed(box('a'), box('b', 'a'), box('c', 'a'), box('d', 'b', 'c'));
    expect(x('b')).toBeLessThan(x('c'));
    expect(x('a')).toBe((x('b') + x('c')) / 2);
    expect(x('d')).toBe(x('a'));
  });

  it('leaves the gap between cards, however wide they are', () => {
    const boxes = [box('a'), ...Array.from({ length: 9 }, (_, index) => ({ ...box(`n${index}`, 'a'), width: 60 + 30 * index }))];
    const { xOf } = arrange(boxes, GAP);
    boxes.slice(2).forEach(({ path, width }, index) => {
      const before = boxes[index + 1]!;
      expect(xOf(path) - width / 2 - (xOf(before.path) + before.width / 2)).toBeGreaterThanOrEqual(GAP - 1);
    });
  });

  it('crosses no ways that need not cross', () => {
    const { x } = placed(box('a'), box('b'), box('c', 'b'), box('d', 'a'));
    expect(x('a') < x('b')).toBe(x('d') < x('c'));
  });

  it('puts what needs nothing just above what needs it', () => {
    const { rank } = placed(box('a'), box('b', 'a'), box('late'), box('c', 'b', 'late'));
    expect(rank('late')).toBe(rank('b'));
  });

  it('finds a place to pass for a way over several ranks', () => {
    const { passes, x } = placed(box('a'), box('b', 'a'), box('c', 'b'), box('d', 'c', 'a'));
    expect(passes('a', 'd')).toHaveLength(2);
    for (const pass of passes('a', 'd')) expect(Math.abs(pass - x('b'))).toBeGreaterThan(50);
  });

  it('cuts a circle open', () => {
    const { rank } = placed(box('a', 'c'), box('b', 'a'), box('c', 'b'), box('d', 'd'));
    expect(new Set(['a', 'b', 'c'].map(rank)).size).toBe(3);
  });

  it.each([
    ['long', (index: number) => (index === 0 ? [] : [`n${index - 1}`])],
    ['wide', (index: number) => (index === 0 ? [] : index < 999 ? ['n0'] : Array.from({ length: 998 }, (_, at) => `n${at + 1}`))],
    ['deep and wide', (index: number) => (index < 20 ? [] : [`n${index - 20}`, `n${index - 19}`, `n${(index * 7) % 20}`])],
  ])(
    'of 1,000 that are %s takes a moment',
    (_, needs) => {
      const boxes = Array.from({ length: 1000 }, (_, index) => box(`n${index}`, ...needs(index)));
      expect(cpuTimeOf(() => arrange(boxes, GAP))).toBeLessThan(2000);
    },
    BUSY,
  );
});
