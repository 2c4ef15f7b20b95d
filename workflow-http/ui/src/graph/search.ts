// Finds cards by what a reader knows of them: their id and their type.
import type { Card } from './drawing';

/** The paths of the cards that match, in the order of the text, also inside closed containers. */
export function matchesOf(cards: Card[], query: string): string[] {
  const words = query.trim().toLowerCase();
  if (words === '') return [];
  return cards.flatMap((card) => [
    ...(card.id.toLowerCase().includes(words) || card.type.toLowerCase().includes(words) ? [card.path] : []),
    ...matchesOf(card.inner, words),
  ]);
}

/** The cards around the one at `path`: those it needs and those that need it. */
export function neighboursOf(cards: Card[], path: string | undefined): string[] {
  const card = path === undefined ? undefined : cards.find((one) => one.path === path || path.startsWith(`${one.path}/`));
  if (!card) return [];
  if (card.path !== path) return neighboursOf(card.inner, path);
  return [...card.needs, ...cards.filter(({ needs }) => needs.includes(card.path)).map((one) => one.path)];
}

/** The containers around a card, from the outermost. */
export const containersOf = (path: string): string[] =>
  path
    .split('/')
    .slice(0, -1)
    .map((_, index, ids) => ids.slice(0, index + 1).join('/'));
