// Ranks and columns of the cards, after Sugiyama: ranks by dependencies, an order with few crossings, then columns close to
// their neighbours. Cards of one rank start in the order of the text.
import { busesOf } from './bus';

export interface Box {
  path: string;
  width: number;
  needs: string[];
}

export interface Arrangement {
  rankOf: (path: string) => number;
  /** Its horizontal centre. */
  xOf: (path: string) => number;
  /** The x at which an edge crosses each rank between its ends. */
  passes: (from: string, to: string) => number[];
}

/** A box, or the place where an edge crosses a rank. */
interface Spot {
  key: string;
  width: number;
  above: Spot[];
  below: Spot[];
  x: number;
  /** Its index in its rank. */
  order: number;
}

const SWEEPS = 4;
const PASS = 8;

export function arrange(boxes: Box[], gap: number): Arrangement {
  const rankOf = ranksOf(boxes);
  const busOf = busesOf(boxes.flatMap(({ path, needs }) => needs.map((from) => ({ from, to: path }))));
  const { rows, spots } = spotsOf(boxes, rankOf, busOf);
  untangle(rows);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const row of rows) settle(row, (spot) => spot.above, gap);
    for (const row of rows.toReversed()) settle(row, (spot) => spot.below, gap);
  }
  const left = Math.min(...boxes.map(({ path, width }) => spots.get(path)!.x - width / 2));
  const xOf = (key: string) => Math.round(spots.get(key)!.x - left);
  return {
    rankOf: (path) => rankOf.get(path)!,
    xOf,
    passes: (from, to) => between(rankOf.get(from)!, rankOf.get(to)!).map((rank) => xOf(passKey(busOf(from), rank))),
  };
}

const passKey = (bus: string, rank: number): string => `${bus} at ${rank}`;

const between = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from - 1) }, (_, index) => from + 1 + index);

/** One rank below the lowest dependency; a card without dependencies is just above the first that needs it. Cycles are cut. */
function ranksOf(boxes: Box[]): Map<string, number> {
  const byPath = new Map(boxes.map((box) => [box.path, box]));
  const ranks = new Map<string, number>();
  const open = new Set<string>();
  // An explicit stack: a chain may have a thousand nodes.
  for (const { path } of boxes) {
    const stack = [path];
    while (stack.length > 0) {
      const here = stack.at(-1)!;
      const needs = byPath.get(here)!.needs.filter((need) => byPath.has(need));
      const next = ranks.has(here) ? undefined : needs.find((need) => !ranks.has(need) && !open.has(need) && need !== here);
      open.add(here);
      if (next !== undefined) {
        stack.push(next);
        continue;
      }
      stack.pop();
      open.delete(here);
      if (!ranks.has(here)) ranks.set(here, 1 + Math.max(-1, ...needs.map((need) => ranks.get(need) ?? -1)));
    }
  }
  const highest = new Map<string, number>();
  for (const { path, needs } of boxes) for (const need of needs) highest.set(need, Math.min(highest.get(need) ?? Infinity, ranks.get(path)!));
  for (const { path, needs } of boxes) {
    const below = highest.get(path);
    if (!needs.some((need) => byPath.has(need)) && below !== undefined && below > 0) ranks.set(path, below - 1);
  }
  return ranks;
}

/** Boxes and crossings by rank. The edges of one bus cross a rank at the same place. */
function spotsOf(boxes: Box[], rankOf: Map<string, number>, busOf: (from: string) => string) {
  const rows: Spot[][] = [];
  const spots = new Map<string, Spot>();
  const at = (key: string, rank: number, width: number): Spot => {
    const known = spots.get(key);
    if (known) return known;
    const row = (rows[rank] ??= []);
    const spot = { key, width, above: [], below: [], x: 0, order: row.length };
    row.push(spot);
    spots.set(key, spot);
    return spot;
  };
  for (const { path, width } of boxes) at(path, rankOf.get(path)!, width);
  for (const { path, needs } of boxes) {
    for (const need of new Set(needs)) {
      const [from, to] = [rankOf.get(need), rankOf.get(path)!];
      if (from === undefined || from >= to) continue;
      const stops = [spots.get(need)!, ...between(from, to).map((rank) => at(passKey(busOf(need), rank), rank, PASS)), spots.get(path)!];
      stops.slice(1).forEach((below, index) => {
        const above = stops[index]!;
        if (above.below.includes(below)) return;
        above.below.push(below);
        below.above.push(above);
      });
    }
  }
  return { rows: rows.filter(Boolean), spots };
}

/** Orders each rank by its neighbours, and keeps the order with the fewest crossings. */
function untangle(rows: Spot[][]): void {
  let best = rows.map((row) => [...row]);
  let fewest = crossingsIn(rows);
  for (let sweep = 0; sweep < 2 * SWEEPS && fewest > 0; sweep += 1) {
    const isDown = sweep % 2 === 0;
    for (const row of isDown ? rows : rows.toReversed()) {
      const wish = new Map(row.map((spot) => [spot, mean(isDown ? spot.above : spot.below, ({ order }) => order) ?? spot.order]));
      row.sort((one, other) => wish.get(one)! - wish.get(other)!);
      number(row);
    }
    const crossings = crossingsIn(rows);
    if (crossings < fewest) [fewest, best] = [crossings, rows.map((row) => [...row])];
  }
  best.forEach((row, rank) => {
    rows[rank] = row;
    number(row);
  });
}

/** Sets the index of each spot in its rank. */
function number(row: Spot[]): void {
  for (const [order, spot] of row.entries()) spot.order = order;
}

/** Two edges cross if the order of their ends differs. */
function crossingsIn(rows: Spot[][]): number {
  let crossings = 0;
  for (const row of rows) {
    const before: number[] = [];
    for (const end of row.flatMap((spot) => spot.below.map(({ order }) => order).sort((one, other) => one - other))) {
      const at = placeIn(before, end);
      crossings += before.length - at;
      before.splice(at, 0, end);
    }
  }
  return crossings;
}

/** The index after all numbers that are not larger. */
function placeIn(sorted: number[], number: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! > number) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Moves each spot of a rank close to its neighbours: the least sum of squares without overlaps, by pooling adjacent spots.
 */
function settle(row: Spot[], neighbours: (spot: Spot) => Spot[], gap: number): void {
  const pools: { sum: number; count: number; spots: [Spot, offset: number][] }[] = [];
  let offset = 0;
  row.forEach((spot, index) => {
    const before = row[index - 1];
    if (before) offset += (before.width + spot.width) / 2 + gap;
    const wish = (mean(neighbours(spot), ({ x }) => x) ?? spot.x) - offset;
    let pool = { sum: wish, count: 1, spots: [[spot, offset] as [Spot, number]] };
    for (let last = pools.at(-1); last && last.sum / last.count > pool.sum / pool.count; last = pools.at(-1)) {
      pools.pop();
      pool = { sum: last.sum + pool.sum, count: last.count + pool.count, spots: [...last.spots, ...pool.spots] };
    }
    pools.push(pool);
  });
  for (const { sum, count, spots } of pools) for (const [spot, offset] of spots) spot.x = sum / count + offset;
}

function mean<T>(things: T[], of: (thing: T) => number): number | undefined {
  return things.length === 0 ? undefined : things.reduce((sum, thing) => sum + of(thing), 0) / things.length;
}
