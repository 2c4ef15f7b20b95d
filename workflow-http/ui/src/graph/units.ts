// What has a place of its own in a rank of the graph: a card, or a block of equal cards.
import { blockOf, fansOf, type Block } from './block';
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

/** The unit of each card. */
export function unitsOf(cards: Card[], sizes: Map<string, Size>): Map<string, Unit> {
  const fans = new Map(fansOf(cards).flatMap((fan) => fan.map((path) => [path, fan])));
  const unitPath = (path: string) => fans.get(path)?.[0] ?? path;
  const units = new Map<string, Unit>();
  for (const { path, needs } of cards) {
    const size = sizes.get(path)!;
    const fan = fans.get(path);
    const first = fan && units.get(fan[0]!);
    units.set(path, first ?? { ...size, path, needs: [...new Set(needs.map(unitPath))], bottom: size.own, ...(fan ? blockUnit(fan, sizes) : {}) });
  }
  return units;
}

function blockUnit(fan: string[], sizes: Map<string, Size>): Pick<Unit, 'width' | 'height' | 'own' | 'above' | 'bottom' | 'block'> {
  const block = blockOf(
    fan.map((path) => {
      const { width, height, above, own } = sizes.get(path)!;
      return { path, width, height: above + height, bottom: above + own };
    }),
  );
  return { width: block.width, height: block.height, own: block.height, above: 0, bottom: block.height, block };
}
