// What has a place of its own in a rank of the graph: a card, or a block of cards.
import { blockOf, fansOf, type Block, type Sized } from './block';
import { chainsOf, columnsOf } from './chain';
import type { Card } from './drawing';

export interface Size {
  width: number;
  /** With what may come at its end. */
  height: number;
  /** The height above the card. */
  above: number;
  /** The height of the card as it is drawn now. */
  own: number;
}

export interface Unit extends Size {
  /** That of its first card. */
  path: string;
  /** Paths of units. */
  needs: string[];
  /** From its top to where edges leave it. */
  bottom: number;
  block?: Block;
}

/** The unit of each card, in the order of the text. */
export function unitsOf(cards: Card[], sizes: Map<string, Size>): Map<string, Unit> {
  const byPath = new Map(cards.map((card) => [card.path, card]));
  const groups = [...fansOf(cards).map((paths) => ({ paths, layOut: blockOf })), ...chainsOf(cards).map((paths) => ({ paths, layOut: columnsOf }))];
  const groupOf = new Map(groups.flatMap((group) => group.paths.map((path) => [path, group])));
  const unitPath = (path: string) => groupOf.get(path)?.paths[0] ?? path;
  const units = new Map<string, Unit>();
  for (const { path } of cards) {
    if (units.has(path)) continue;
    const { paths, layOut } = groupOf.get(path) ?? { paths: [path] };
    const needs = new Set(paths.flatMap((one) => byPath.get(one)!.needs.map(unitPath)));
    if (layOut) needs.delete(paths[0]!);
    const size = layOut ? sizeOfBlock(layOut(paths.map((one) => sizedOf(one, sizes)))) : { ...sizes.get(path)!, bottom: sizes.get(path)!.own };
    const unit = { ...size, path: paths[0]!, needs: [...needs] };
    for (const one of paths) units.set(one, unit);
  }
  return units;
}

function sizedOf(path: string, sizes: Map<string, Size>): Sized {
  const { width, height, above, own } = sizes.get(path)!;
  return { path, width, height: above + height, bottom: above + own };
}

const sizeOfBlock = (block: Block) => ({ width: block.width, height: block.height, own: block.height, above: 0, bottom: block.height, block });
