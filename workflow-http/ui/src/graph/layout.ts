// Positions of the cards and routes of the edges. A pure function of the cards.
import { arrange } from './arrange';
import type { Card } from './drawing';
import { LANE, routesOf, type Rank } from './route';
import { BOX, CARD, GAP, WHEN, cardWidth, cellsHeight, headWidth, whenWidth } from './sizes';

export interface Placed {
  card: Card;
  /** Of the card with its condition above it. */
  x: number;
  y: number;
  width: number;
  height: number;
  /** Where the card begins, below its condition. */
  top: number;
  depth: number;
  /** An open container: its nodes are drawn inside. */
  isOpen: boolean;
}

export interface Way {
  from: string;
  to: string;
  /** Its corners, from the bottom of one card to the top of the other. */
  points: [x: number, y: number][];
  depth: number;
  isMaybe: boolean;
  /** The edge of a loop from its end to its start. */
  isBack: boolean;
}

export interface Layout {
  placed: Placed[];
  ways: Way[];
  width: number;
  height: number;
}

export interface Open {
  isOpen: (path: string) => boolean;
  /** How many items a map is known to have. */
  items: (path: string) => number;
}

export function layOutCards(cards: Card[], open: Open, depth = 0): Layout {
  const inner = new Map(
    cards.filter((card) => card.inner.length > 0 && open.isOpen(card.path)).map((card) => [card.path, layOutCards(card.inner, open, depth + 1)]),
  );
  const sizes = new Map(cards.map((card) => [card.path, sizeOf(card, inner.get(card.path), open.items(card.path))]));
  if (cards.length === 0) return { placed: [], ways: [], width: 0, height: 0 };
  const { rankOf, xOf, passes } = arrange(
    cards.map(({ path, needs }) => ({ path, needs, width: sizes.get(path)!.width })),
    GAP.across,
  );

  const rows: Rank[] = [];
  // A cycle is a fault; its back edge is not drawn.
  const needs = cards.flatMap(({ path, needs }) =>
    needs.filter((need) => sizes.has(need) && rankOf(need) < rankOf(path)).map((from) => ({ from, to: path, passes: passes(from, path) })),
  );
  const routes = routesOf(needs, { rankOf, xOf });
  // From top to bottom: a row is as high as its highest card, and the gap after it fits its lanes.
  let y = 0;
  for (const [index, paths] of byRank(cards, rankOf).entries()) {
    const above = Math.max(...paths.map((path) => sizes.get(path)!.above));
    const height = Math.max(...paths.map((path) => sizes.get(path)!.height));
    const top = y + above;
    rows.push({ top, bottom: top + height });
    y = top + height + GAP.down + routes.lanes(index) * LANE;
  }

  const placed: Placed[] = [];
  const ways: Way[] = [];
  for (const card of cards) {
    const { width, height, above } = sizes.get(card.path)!;
    const row = rows[rankOf(card.path)]!;
    const x = xOf(card.path) - width / 2;
    const within = inner.get(card.path);
    const own = within ? height : CARD.height;
    placed.push({ card, x, y: row.top - above, width, height: own + above, top: above, depth, isOpen: within !== undefined });
    if (within) {
      const left = BOX.pad + sideOf(card);
      const dx = x + left + Math.max(0, (width - left - BOX.pad - backOf(card) - within.width) / 2);
      const dy = row.top + BOX.head + BOX.pad;
      const moved = within.placed.map((one) => ({ ...one, x: one.x + dx, y: one.y + dy }));
      placed.push(...moved);
      if (card.type === 'LoopNode')
        ways.push(
          wayBack(
            moved.filter((one) => one.depth === depth + 1),
            x + width - BOX.pad,
          ),
        );
      ways.push(...within.ways.map((way) => ({ ...way, points: way.points.map(([x, y]): [number, number] => [x + dx, y + dy]) })));
    }
  }
  const bottomOf = (path: string) => rows[rankOf(path)]!.top + (inner.has(path) ? sizes.get(path)!.height : CARD.height);
  const maybe = new Set(cards.flatMap(({ path, when }) => (when === undefined ? [] : [path])));
  for (const need of needs)
    ways.push({ from: need.from, to: need.to, depth, isMaybe: maybe.has(need.to), isBack: false, points: routes.pointsOf(need, rows, bottomOf(need.from)) });
  const right = Math.max(0, ...placed.map((one) => one.x + one.width));
  return { placed, ways, width: right, height: Math.max(0, ...rows.map((row) => row.bottom)) };
}

/** From the lowest card of a round to the highest, around the right. */
function wayBack(round: Placed[], right: number): Way {
  const sorted = [...round].sort((one, other) => one.y - other.y);
  const [first, last] = [sorted[0]!, sorted.at(-1)!];
  const sideOf = (one: Placed): [number, number] => [one.x + one.width, one.y + one.top + CARD.height / 2];
  const [from, to] = [sideOf(last), sideOf(first)];
  // With one card, the edge leaves it a little below where it enters.
  const apart = first === last ? 10 : 0;
  const points: [number, number][] = [
    [from[0], from[1] + apart],
    [right, from[1] + apart],
    [right, to[1] - apart],
    [to[0], to[1] - apart],
  ];
  return { from: last.card.path, to: first.card.path, points, depth: first.depth, isMaybe: true, isBack: true };
}

interface Size {
  width: number;
  height: number;
  /** The height above the card. */
  above: number;
}

function sizeOf(card: Card, inner: Layout | undefined, items: number): Size {
  const above = card.when === undefined ? 0 : WHEN.height + WHEN.below;
  const least = card.when === undefined ? 0 : whenWidth(card.when);
  if (!inner) {
    const whisper = card.streamsText ? CARD.whisper : 0;
    return { width: Math.max(cardWidth(card.id), least), height: CARD.height + whisper, above };
  }
  const beside = card.type === 'MapNode' ? cellsHeight(items) + BOX.tally : 0;
  return {
    width: Math.max(inner.width + sideOf(card) + 2 * BOX.pad + backOf(card), headWidth(card), least),
    height: BOX.head + BOX.pad + Math.max(inner.height, beside) + BOX.foot,
    above,
  };
}

/** A map has its items at the left. */
const sideOf = ({ type }: Card): number => (type === 'MapNode' ? BOX.side + BOX.pad : 0);

/** A loop has its back edge at the right. */
const backOf = ({ type }: Card): number => (type === 'LoopNode' ? BOX.back : 0);

function byRank(cards: Card[], rankOf: (path: string) => number): string[][] {
  const rows: string[][] = [];
  for (const { path } of cards) (rows[rankOf(path)] ??= []).push(path);
  return rows;
}
