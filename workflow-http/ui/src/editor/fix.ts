// Fixes of faults that have exactly one fix: the server names what was meant.
import { parts } from '../base/format';
import type { LocatedFault } from './useCheck';
import type { Range } from './scan';

/** All replacements in the text. */
export interface Fix {
  written: string;
  meant: string;
  places: Range[];
}

const MEANT = /^did you mean `([^`]+)`\?$/i;
/** The expressions in a template. */
const TAG = /\{\{.*?\}\}|\{%.*?%\}/gs;

/** The wrong name is the first code of the fault's sentence. In a template it may stand several times. */
export function fixOf(text: string, { detail, hint, from, to }: Pick<LocatedFault, 'detail' | 'hint' | 'from' | 'to'>): Fix | undefined {
  const meant = MEANT.exec(hint ?? '')?.[1];
  const written = parts(detail).find(({ isCode }) => isCode)?.text;
  if (meant === undefined || written === undefined) return undefined;
  const around = text.slice(from, to);
  const tags = [...around.matchAll(TAG)].map((tag) => ({ from: from + tag.index, to: from + tag.index + tag[0].length }));
  const inTags = tags.flatMap((range) => placesOf(text, range, written));
  // An expression, such as a condition, has no braces.
  const places = inTags.length > 0 ? inTags : placesOf(text, { from, to }, written);
  return places.length > 0 ? { written, meant, places } : undefined;
}

/** Matches a whole name that is not a field of another value. */
function placesOf(text: string, { from, to }: Range, name: string): Range[] {
  const places: Range[] = [];
  for (let at = text.indexOf(name, from); at >= 0 && at + name.length <= to; at = text.indexOf(name, at + name.length)) {
    const end = at + name.length;
    if (!/[\w.-]/.test(text[at - 1] ?? '') && !/[\w-]/.test(text[end] ?? '')) places.push({ from: at, to: end });
  }
  return places;
}
