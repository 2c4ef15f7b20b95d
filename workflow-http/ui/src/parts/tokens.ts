// Markdown as a model writes it, read by `marked` (widely used, hardened against slow inputs) into tokens; the page draws them itself.
import { Lexer, type Token } from 'marked';

export type { Token, Tokens } from 'marked';

/** A piece of this size ends at the next place between two blocks, so that growing text is read again only at its end. */
const PIECE = 1500;

/** Growing text keeps its first pieces as they are. A fence and what is further in, such as a list, is not cut. */
export function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  let [from, at, fence] = [0, 0, ''];
  let isBlank = false;
  while (at < text.length) {
    const line = text.indexOf('\n', at);
    const end = line < 0 ? text.length : line + 1;
    const content = text.slice(at, Math.min(end, at + 80));
    const mark = /^ {0,3}(```+|~~~+)/.exec(content)?.[1];
    if (fence === '' && isBlank && at - from >= PIECE && /^[^\s\-*+\d>|]/.test(content)) {
      pieces.push(text.slice(from, at));
      from = at;
    }
    if (mark && fence === '') fence = mark;
    else if (mark?.startsWith(fence)) fence = '';
    isBlank = content.trim() === '';
    at = end;
  }
  return from < text.length ? [...pieces, text.slice(from)] : pieces;
}

/** Line breaks are kept, as in a chat. `undefined`: it cannot be read, for example because it is nested too deeply. */
export function tokensOf(text: string): Token[] | undefined {
  try {
    return Lexer.lex(text, { gfm: true, breaks: true });
  } catch {
    return undefined;
  }
}

const ENTITIES = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', '\u00a0'],
  ['ndash', '–'],
  ['mdash', '—'],
  ['hellip', '…'],
]);

/** The common character references as the characters they mean. */
export const plainOf = (text: string): string =>
  text.replaceAll(/&(?:([a-z]{2,6})|#(\d{1,7}));/g, (all, name?: string, code?: string) => {
    if (name !== undefined) return ENTITIES.get(name) ?? all;
    const point = Number(code);
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : all;
  });
