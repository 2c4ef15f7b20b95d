// A long chain in columns. Each step needs the one before it and nothing else, so a column can go on at the top of the next one.
import type { Block, Point, Sized } from './block';
import type { Card } from './drawing';

/** So many steps can be read in one column. */
const FEW = 40;
const ASPECT = 1.6;
const GAP = { across: 44, down: 36 };
/** Above and below the columns: the way of the whole chain, that from one column to the next, and the tip of the edge. */
const OUTER = 6;
const INNER = 16;
const TIP = 18;

/** The chains among the cards: the paths of each, from its first step. */
export function chainsOf(cards: Card[]): string[][] {
  const followers = new Map<string, string[]>();
  for (const { path, needs } of cards) for (const need of new Set(needs)) followers.set(need, [...(followers.get(need) ?? []), path]);
  const next = new Map(
    cards.flatMap(({ path, needs: [need, ...others] }) =>
      need !== undefined && others.length === 0 && followers.get(need)!.length === 1 ? [[need, path]] : [],
    ),
  );
  const hasBefore = new Set(next.values());
  // A circle has no first step.
  const chains = cards.filter(({ path }) => next.has(path) && !hasBefore.has(path)).map(({ path }) => chainFrom(path, next));
  return chains.filter((chain) => chain.length > FEW);
}

function chainFrom(first: string, next: Map<string, string>): string[] {
  const chain: string[] = [];
  for (let path: string | undefined = first; path !== undefined; path = next.get(path)) chain.push(path);
  return chain;
}

export function columnsOf(cards: Sized[]): Block {
  const width = Math.max(...cards.map((card) => card.width)) + GAP.across;
  const height = Math.max(...cards.map((card) => card.height)) + GAP.down;
  const columns = Math.ceil(Math.sqrt((cards.length * ASPECT * height) / width));
  const rows = Math.ceil(cards.length / columns);
  const edge = INNER + TIP;
  const all = { width: Math.ceil(cards.length / rows) * width, height: rows * height - GAP.down + 2 * edge };
  const at = new Map(
    cards.map((card, index) => {
      const column = Math.floor(index / rows);
      return [card.path, { card, column, centre: (column + 0.5) * width, y: edge + (index % rows) * height }];
    }),
  );
  const middle = all.width / 2;
  return {
    ...all,
    placeOf: (path) => {
      const { card, centre, y } = at.get(path)!;
      return [centre - card.width / 2, y];
    },
    enter: (path) => {
      const { centre, y } = at.get(path)!;
      return [
        [middle, 0],
        [middle, OUTER],
        [centre, OUTER],
        [centre, y],
      ];
    },
    leave: (path) => {
      const { card, centre, y } = at.get(path)!;
      return [
        [centre, y + card.bottom],
        [centre, all.height - OUTER],
        [middle, all.height - OUTER],
        [middle, all.height],
      ];
    },
    between: (from, to) => {
      const [one, other] = [at.get(from)!, at.get(to)!];
      const start: Point = [one.centre, one.y + one.card.bottom];
      const end: Point = [other.centre, other.y];
      if (one.column === other.column) return [start, end];
      const turn = other.column * width;
      return [start, [one.centre, all.height - INNER], [turn, all.height - INNER], [turn, INNER], [other.centre, INNER], end];
    },
  };
}
