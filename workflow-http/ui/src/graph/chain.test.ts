import { expect, it } from 'vitest';
import { chainsOf } from './chain';
import type { Card } from './drawing';
import { layOutCards } from './layout';

const card = (path: string, ...needs: string[]): Card => ({
  path,
  id: path,
  type: 'PromptNode',
  icon: undefined,
  streamsText: false,
  needs,
  when: undefined,
  plan: '',
  inner: [],
});
const chain = (count: number) => Array.from({ length: count }, (_, index) => card(`c${index}`, ...(index === 0 ? [] : [`c${index - 1}`])));
const lay = (cards: Card[]) => layOutCards(cards, { isOpen: () => false, items: () => 0 });

it('a chain is what has one step before and one after it', () => {
  expect(chainsOf(chain(300))).toEqual([chain(300).map(({ path }) => path)]);
  expect(chainsOf(chain(40))).toEqual([]);
  const [parts] = chainsOf([...chain(100), card('beside', 'c49')]);
  expect([parts?.length, parts?.[0], parts?.at(-1)]).toEqual([50, 'c0', 'c49']);
  const circle = Array.from({ length: 50 }, (_, index) => card(`c${index}`, `c${(index + 49) % 50}`));
  expect(chainsOf(circle)).toEqual([]);
});

it('a long chain is about as wide as a screen, and its edges cross no card', () => {
  const drawn = lay([
    card('start'),
    card('beside', 'start'),
    ...chain(300).map((one) => (one.path === 'c0' ? card('c0', 'start') : one)),
    card('end', 'c299', 'beside'),
  ]);
  expect(drawn.width / drawn.height).toBeGreaterThan(0.8);
  expect(drawn.width / drawn.height).toBeLessThan(2.2);
  expect(drawn.ways).toHaveLength(303);
  const at = new Map(drawn.placed.map((one) => [one.card.path, one]));
  for (const { from, to, points } of drawn.ways) {
    const [source, target] = [at.get(from)!, at.get(to)!];
    expect(points[0]).toEqual([source.x + source.width / 2, source.y + source.height]);
    expect(points.at(-1)).toEqual([target.x + target.width / 2, target.y]);
    for (const { card, x, y, width, height } of drawn.placed) {
      if (card.path === from || card.path === to) continue;
      points.slice(1).forEach(([px, py], index) => {
        const [qx, qy] = points[index]!;
        const isApart = Math.max(px, qx) < x || Math.min(px, qx) > x + width || Math.max(py, qy) < y || Math.min(py, qy) > y + height;
        expect(isApart, `${from} ${to} over ${card.path}`).toBe(true);
      });
    }
  }
});
