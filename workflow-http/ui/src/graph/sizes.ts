// Sizes in pixels. A card reserves space for its later content, so that nothing moves.

export const CARD = { height: 56, least: 192, most: 300, whisper: 28, /** The least width for the pace of a model. */ writing: 216 };
/** The condition of a node is shown above it, on the edge that leads to it. */
export const WHEN = { height: 22, below: 18 };
export const GAP = { across: 28, down: 36 };
export const BOX = { head: 42, pad: 14, side: 156, foot: 14, back: 40, least: 300, tally: 96 };
export const CELL = { size: 28, gap: 4, across: 5 };

/** Space for the id beside the longest state, which is `Not reached`. */
export const cardWidth = (id: string): number => Math.min(CARD.most, Math.max(CARD.least, Math.ceil(8.4 * id.length) + 140));

/** More rounds of a loop than this are not all drawn. */
export const PIPS = { most: 8, width: 24 };

/** The head of a box: of a loop, its id, all its rounds and its state; of an agent, the last turns. */
export const headWidth = ({ id, repeats, max = repeats === 'turn' ? PIPS.most : undefined }: { id: string; repeats?: string; max?: number }): number =>
  max === undefined ? BOX.least : Math.max(BOX.least, cardWidth(id) + 50 + PIPS.width * Math.min(max, PIPS.most));

/** Mono, 11 px, and room for `false`. */
export const whenWidth = (when: string): number => Math.min(CARD.most, Math.ceil(6.7 * when.length) + 64);

/** The height of the cells. More than 60 items are a strip. */
export const MANY = 60;
export function cellsHeight(items: number): number {
  if (items > MANY) return 24;
  const rows = Math.ceil(items / CELL.across);
  return rows * (CELL.size + CELL.gap);
}
