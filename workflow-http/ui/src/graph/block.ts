// A fan in rows. Many steps that need the same and are needed by the same, such as 100 calls between a split and a join, would
// be a rank too wide to be read. They stand in rows, as one block: its bus comes in at the left and leaves at the right.
import type { Card } from './drawing';

export type Point = [x: number, y: number];

/** A card with its condition above it. */
export interface Sized {
  path: string;
  width: number;
  /** With what may grow at its end. */
  height: number;
  /** From the top of the condition to where edges leave the card. */
  bottom: number;
}

export interface Block {
  width: number;
  height: number;
  /** The upper left corner of each card, from that of the block. */
  placeOf: (path: string) => Point;
  /** The corners of an edge from the top of the block to a card in it. */
  enter: (path: string) => Point[];
  /** The same from a card to the bottom of the block. */
  leave: (path: string) => Point[];
  /** The same between two of its cards, if any need each other. */
  between?: (from: string, to: string) => Point[];
}

/** So many steps in one rank can still be seen at once. */
const FEW = 8;
const ASPECT = 1.6;
const GAP = 28;
/** The space for the bus at a side, and above and below the lanes of a row: from the top, the lane in, the tip of the edge, the card, the lane out. */
const SIDE = 24;
const IN = 8;
const TIP = 18;
const CLEAR = 8;
const OUT = 8;

/** The fans among the cards: the paths of each, in the order of the text. */
export function fansOf(cards: Card[]): string[][] {
  const followers = new Map<string, string[]>();
  for (const { path, needs } of cards) for (const need of new Set(needs)) followers.set(need, [...(followers.get(need) ?? []), path]);
  const fans = new Map<string, string[]>();
  for (const { path, needs } of cards) {
    const key = JSON.stringify([[...new Set(needs)].sort(), followers.get(path) ?? []]);
    const fan = fans.get(key);
    if (fan) fan.push(path);
    else fans.set(key, [path]);
  }
  return [...fans.values()].filter((fan) => fan.length > FEW);
}

/** Equal columns, about as many that the block is as wide as a screen. */
export function blockOf(cards: Sized[]): Block {
  const width = Math.max(...cards.map((card) => card.width));
  const height = Math.max(...cards.map((card) => card.height)) + IN + TIP + CLEAR + OUT;
  const columns = Math.ceil(Math.sqrt((cards.length * ASPECT * height) / (width + GAP)));
  const rows = Math.ceil(cards.length / columns);
  const all = { width: 2 * SIDE + columns * (width + GAP) - GAP, height: rows * height };
  const [left, middle, right] = [SIDE / 2, all.width / 2, all.width - SIDE / 2];
  const at = new Map(
    cards.map((card, index) => {
      const [column, row] = [index % columns, Math.floor(index / columns)];
      const top = row * height;
      const centre = SIDE + column * (width + GAP) + width / 2;
      return [card.path, { card, row, centre, into: top + IN, y: top + IN + TIP, out: top + height - OUT }];
    }),
  );
  return {
    ...all,
    placeOf: (path) => {
      const { card, centre, y } = at.get(path)!;
      return [centre - card.width / 2, y];
    },
    enter: (path) => {
      const { row, centre, into, y } = at.get(path)!;
      const first: Point[] = [
        [middle, 0],
        [middle, IN],
      ];
      const down: Point[] =
        row === 0
          ? []
          : [
              [left, IN],
              [left, into],
            ];
      return [...first, ...down, [centre, into], [centre, y]];
    },
    leave: (path) => {
      const { card, row, centre, y, out } = at.get(path)!;
      const last = all.height - OUT;
      const down: Point[] =
        row === rows - 1
          ? []
          : [
              [right, out],
              [right, last],
            ];
      return [[centre, y + card.bottom], [centre, out], ...down, [middle, last], [middle, all.height]];
    },
  };
}
