import { describe, expect, it } from 'vitest';
import { pathOf, routesOf, type Need } from './route';

/** Two rows: `a` and `b` above, `c` and `d` below. */
const places = { rankOf: (path: string) => ('ab'.includes(path) ? 0 : 1), xOf: (path: string) => ('ac'.includes(path) ? 0 : 200) };
const ranks = [
  { top: 0, bottom: 50 },
  { top: 120, bottom: 170 },
];
const route = (...needs: string[]) => {
  const all: Need[] = needs.map((need) => ({ from: need[0]!, to: need[1]!, passes: [] }));
  const routes = routesOf(all, places);
  return { lanes: routes.lanes(0), heights: all.map((need) => routes.pointsOf(need, ranks, 50)[1]![1]) };
};

describe('a way', () => {
  it('straight down turns nowhere', () => {
    const need = { from: 'a', to: 'c', passes: [] };
    expect(routesOf([need], places).pointsOf(need, ranks, 50)).toEqual([
      [0, 50],
      [0, 120],
    ]);
  });

  it('shares its height with others from the same card, or to the same one', () => {
    expect(route('ac', 'ad').lanes).toBe(0);
    expect(route('ad', 'bd').lanes).toBe(0);
    expect(route('ac', 'ad', 'bc', 'bd').lanes).toBe(0);
  });

  it('has a height of its own beside one that it would be taken for', () => {
    const crossing = route('ad', 'bc');
    expect(crossing.lanes).toBe(1);
    expect(crossing.heights[0]).not.toBe(crossing.heights[1]);
  });

  it('passes the ranks between where there is room', () => {
    const need = { from: 'a', to: 'd', passes: [90] };
    const three = { rankOf: (path: string) => (path === 'a' ? 0 : 2), xOf: places.xOf };
    const points = routesOf([need], three).pointsOf(need, [...ranks, { top: 240, bottom: 290 }], 50);
    expect(points.map(([x]) => x)).toEqual([0, 0, 90, 90, 200, 200]);
  });

  it('is drawn with round corners', () => {
    expect(
      pathOf([
        [0, 0],
        [0, 50],
        [100, 50],
        [100, 100],
      ]),
    ).toBe('M0 0L0 41Q0 50 9 50L91 50Q100 50 100 59L100 100');
    expect(pathOf([])).toBe('');
  });
});
