// Positions of the cards and routes of the edges. A pure function of the cards.
import { arrange } from './arrange';
import type { Point } from './block';
import type { Card } from './drawing';
import { LANE, routesOf, type Rank } from './route';
import { BOX, CARD, GAP, WHEN, cardWidth, cellsHeight, headWidth, whenWidth } from './sizes';
import { unitsOf, type Size, type Unit } from './units';

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
  points: Point[];
  depth: number;
  isMaybe: boolean;
  /** The edge of a loop or an agent from its end to its start. */
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
  const units = unitsOf(cards, sizes);
  const { rankOf, xOf, passes } = arrange([...new Set(units.values())], GAP.across);

  // A cycle is a fault; its back edge is not drawn.
  const needs = [...new Set(units.values())].flatMap(({ path, needs }) =>
    needs.filter((need) => units.has(need) && rankOf(need) < rankOf(path)).map((from) => ({ from, to: path, passes: passes(from, path) })),
  );
  const routes = routesOf(needs, { rankOf, xOf });
  const rows = rowsOf(units, rankOf, routes.lanes);
  const cornerOf = ({ path, width }: Unit): Point => [xOf(path) - width / 2, rows[rankOf(path)]!.top];

  const placed: Placed[] = [];
  const ways: Way[] = [];
  for (const card of cards) {
    const { width, above, own } = sizes.get(card.path)!;
    const unit = units.get(card.path)!;
    const [left, rowTop] = cornerOf(unit);
    const [inX, inY] = unit.block?.placeOf(card.path) ?? [0, -above];
    const [x, y] = [left + inX, rowTop + inY];
    const within = inner.get(card.path);
    placed.push({ card, x, y, width, height: own + above, top: above, depth, isOpen: within !== undefined });
    if (within) {
      const side = BOX.pad + sideOf(card);
      const dx = x + side + Math.max(0, (width - side - BOX.pad - backOf(card) - within.width) / 2);
      const dy = y + above + BOX.head + BOX.pad;
      const moved = within.placed.map((one) => ({ ...one, x: one.x + dx, y: one.y + dy }));
      placed.push(...moved);
      if (hasWayBack(card))
        ways.push(
          wayBack(
            moved.filter((one) => one.depth === depth + 1),
            x + width - BOX.pad,
          ),
        );
      ways.push(...within.ways.map((way) => ({ ...way, points: shifted(way.points, [dx, dy]) })));
    }
  }
  const routed = new Map(
    needs.map((need) => [`${need.from} ${need.to}`, routes.pointsOf(need, rows, rows[rankOf(need.from)]!.top + units.get(need.from)!.bottom)]),
  );
  const pointsOf = (need: string, path: string): Point[] => {
    const [from, to] = [units.get(need), units.get(path)!];
    if (from === to) return shifted(to.block?.between?.(need, path) ?? [], cornerOf(to));
    const points = from && routed.get(`${from.path} ${to.path}`);
    return points ? [...inBlock(from, need, 'leave', cornerOf), ...points, ...inBlock(to, path, 'enter', cornerOf)] : [];
  };
  for (const { path, needs, when } of cards) {
    for (const from of needs) {
      const points = cornersOf(pointsOf(from, path));
      if (points.length > 0) ways.push({ from, to: path, depth, isMaybe: when !== undefined, isBack: false, points });
    }
  }
  // A way may pass at the right of all cards. The points are too many for one call.
  const edge = ways.reduce((most, { points }) => Math.max(most, ...points.map(([x]) => x)), 0);
  const right = Math.max(edge, ...placed.map((one) => one.x + one.width));
  return { placed, ways, width: right, height: Math.max(0, ...rows.map((row) => row.bottom)) };
}

/** The part of an edge inside the block of a card. */
const inBlock = (unit: Unit, path: string, way: 'enter' | 'leave', cornerOf: (unit: Unit) => Point): Point[] =>
  unit.block ? shifted(unit.block[way](path), cornerOf(unit)) : [];

/** From top to bottom: a row is as high as its highest card, and the gap after it fits its lanes. */
function rowsOf(units: Map<string, Unit>, rankOf: (path: string) => number, lanes: (rank: number) => number): Rank[] {
  const ranks: Unit[][] = [];
  for (const unit of units.values()) (ranks[rankOf(unit.path)] ??= []).push(unit);
  let y = 0;
  return ranks.map((row, index) => {
    const top = y + Math.max(...row.map((unit) => unit.above));
    const bottom = top + Math.max(...row.map((unit) => unit.height));
    y = bottom + GAP.down + lanes(index) * LANE;
    return { top, bottom };
  });
}

const shifted = (points: Point[], [dx, dy]: Point): Point[] => points.map(([x, y]) => [x + dx, y + dy]);

/** Without the points at which a line does not turn. */
function cornersOf(points: Point[]): Point[] {
  const corners: Point[] = [];
  for (const point of points) {
    const [before, last] = [corners.at(-2), corners.at(-1)];
    const isSame = last?.[0] === point[0] && last[1] === point[1];
    const isOnLine = before && last && [0, 1].some((axis) => before[axis] === last[axis] && last[axis] === point[axis]);
    if (isSame) continue;
    if (isOnLine) corners.pop();
    corners.push(point);
  }
  return corners;
}

/** From the lowest card of a round to the highest, around the right. */
function wayBack(round: Placed[], right: number): Way {
  const sorted = [...round].sort((one, other) => one.y - other.y);
  const [first, last] = [sorted[0]!, sorted.at(-1)!];
  const sideOf = (one: Placed): Point => [one.x + one.width, one.y + one.top + CARD.height / 2];
  const [from, to] = [sideOf(last), sideOf(first)];
  // With one card, the edge leaves it a little below where it enters.
  const apart = first === last ? 10 : 0;
  const points: Point[] = [
    [from[0], from[1] + apart],
    [right, from[1] + apart],
    [right, to[1] - apart],
    [to[0], to[1] - apart],
  ];
  return { from: last.card.path, to: first.card.path, points, depth: first.depth, isMaybe: true, isBack: true };
}

function sizeOf(card: Card, inner: Layout | undefined, items: number): Size {
  const above = card.when === undefined ? 0 : WHEN.height + WHEN.below;
  const least = card.when === undefined ? 0 : whenWidth(card.when);
  if (!inner) {
    const whisper = card.streamsText ? CARD.whisper : 0;
    return { width: Math.max(cardWidth(card.id), least, card.streamsText ? CARD.writing : 0), height: CARD.height + whisper, above, own: CARD.height };
  }
  const beside = card.repeats === 'item' ? cellsHeight(items) + BOX.tally : 0;
  const height = BOX.head + BOX.pad + Math.max(inner.height, beside) + BOX.foot;
  return {
    width: Math.max(inner.width + sideOf(card) + 2 * BOX.pad + backOf(card), headWidth(card), least),
    height,
    above,
    own: height,
  };
}

/** A map has its items at the left. */
const sideOf = ({ repeats }: Card): number => (repeats === 'item' ? BOX.side + BOX.pad : 0);

/** From its end to its start. */
const hasWayBack = ({ repeats }: Card): boolean => repeats === 'round' || repeats === 'turn';

/** Its back edge is at the right. */
const backOf = (card: Card): number => (hasWayBack(card) ? BOX.back : 0);
