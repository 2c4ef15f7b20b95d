// Routes of the edges between cards: down, across in the gap between two ranks, and down again.
import { busesOf } from './bus';

export interface Rank {
  /** Where its cards begin, and where they end. */
  top: number;
  bottom: number;
}

export interface Need {
  from: string;
  to: string;
  /** The x at which it crosses each rank between. */
  passes: number[];
}

interface Places {
  rankOf: (path: string) => number;
  xOf: (path: string) => number;
}

/** The horizontal part of an edge in one gap. */
interface Crossing {
  bus: string;
  left: number;
  right: number;
}

export interface Routes {
  /** How many lanes the gap below a rank needs. */
  lanes: (rank: number) => number;
  pointsOf: (need: Need, ranks: Rank[], bottom: number) => [number, number][];
}

/** Distances: between two lanes of a gap, and from the rank above to the first lane. */
export const LANE = 10;
const MIDDLE = 16;

/** The edges of one bus share a lane. */
export function routesOf(needs: Need[], { rankOf, xOf }: Places): Routes {
  const busOf = busesOf(needs);

  const gaps: Crossing[][] = [];
  for (const need of needs) {
    for (const { gap, x, next } of crossingsOf(need)) {
      const crossings = (gaps[gap] ??= []);
      const bus = busOf(need.from);
      const [left, right] = [Math.min(x, next), Math.max(x, next)];
      const same = crossings.find((one) => one.bus === bus);
      if (same) Object.assign(same, { left: Math.min(left, same.left), right: Math.max(right, same.right) });
      else crossings.push({ bus, left, right });
    }
  }
  const laneOf = gaps.map(assign);

  function crossingsOf({ from, to, passes }: Need) {
    const stops = [xOf(from), ...passes, xOf(to)];
    return stops.slice(1).flatMap((next, index) => (next === stops[index] ? [] : [{ gap: rankOf(from) + index, x: stops[index]!, next }]));
  }

  return {
    lanes: (rank) => Math.max(0, ...(laneOf[rank]?.values() ?? [])),
    pointsOf(need, ranks, bottom) {
      const first = rankOf(need.from);
      const points: [number, number][] = [[xOf(need.from), bottom]];
      for (const { gap, x, next } of crossingsOf(need)) {
        const y = ranks[gap]!.bottom + MIDDLE + (laneOf[gap]?.get(busOf(need.from)) ?? 0) * LANE;
        points.push([x, y], [next, y]);
      }
      const last = ranks[first + need.passes.length + 1]!;
      points.push([xOf(need.to), last.top]);
      return points;
    },
  };
}

/** The first lane in which an edge overlaps no other. */
function assign(crossings: Crossing[]): Map<string, number> {
  const lanes: Crossing[][] = [];
  const laneOf = new Map<string, number>();
  for (const crossing of [...crossings].sort((one, other) => one.left - other.left || one.right - other.right)) {
    let lane = 0;
    while (lanes[lane]?.some((one) => one.left <= crossing.right && crossing.left <= one.right)) lane += 1;
    (lanes[lane] ??= []).push(crossing);
    laneOf.set(crossing.bus, lane);
  }
  return laneOf;
}

/** An SVG path with rounded corners. */
export function pathOf(points: [number, number][], radius = 9): string {
  const [first, ...rest] = points;
  if (!first) return '';
  let path = `M${first[0]} ${first[1]}`;
  rest.forEach(([x, y], index) => {
    const before = points[index]!;
    const after = rest[index + 1];
    if (!after) path += `L${x} ${y}`;
    else {
      const r = Math.min(radius, distance(before, [x, y]) / 2, distance([x, y], after) / 2);
      path += `L${toward([x, y], before, r)}Q${x} ${y} ${toward([x, y], after, r)}`;
    }
  });
  return path;
}

const distance = ([x, y]: [number, number], [u, v]: [number, number]): number => Math.hypot(u - x, v - y);

function toward([x, y]: [number, number], [u, v]: [number, number], by: number): string {
  const length = distance([x, y], [u, v]) || 1;
  return `${x + ((u - x) / length) * by} ${y + ((v - y) / length) * by}`;
}
