// The one change of the text after which a failed step may succeed, for errors that leave one answer.
import type { Problem } from '../api/types';
import { fixOf, type Fix } from '../editor/fix';
import { scan, type Range, type Span } from '../editor/scan';

export interface Remedy {
  fix: Fix;
  /** What it does, for a button. */
  words: string;
}

/** `at`: the step in the text, as its span and its JSON pointer. `inner`: the steps in it, whose text is not about its error. */
export function remedyOf(text: string, at: { span: Span; pointer: string }, error: Problem, inner: Range[] = []): Remedy | undefined {
  const own = inner.reduce((text, { from, to }) => text.slice(0, from) + ' '.repeat(to - from) + text.slice(to), text);
  const meant = fixOf(own, { detail: error.detail, hint: error.hint, from: at.span.from, to: at.span.to });
  if (meant) return { fix: meant, words: `Use “${newPart(meant)}”` };
  switch (error.code) {
    case 'timeout':
      return raised(text, `${at.pointer}/timeout`, /^"(\d+)(ms|s|m|h|d)"$/, (limit) => `Allow ${limit}`);
    case 'out_of_tokens':
      return raised(text, `${at.pointer}/data/max_output_tokens`, /^(\d+)()$/, (limit) => `Allow ${limit} tokens`);
    default:
      return undefined;
  }
}

/** `priority` of `a.output.priority` in the place of `a.output.priorty`. */
function newPart({ written, meant }: Fix): string {
  const before = written.split('.');
  return meant.split('.').find((part, index) => part !== before[index]) ?? meant;
}

/** Twice the limit that is written at a pointer. */
function raised(text: string, pointer: string, form: RegExp, wordsFor: (limit: string) => string): Remedy | undefined {
  const span = scan(text).spans?.get(pointer);
  const [, number, unit] = (span && form.exec(text.slice(span.from, span.to))) ?? [];
  if (!span || number === undefined) return undefined;
  const limit = `${2 * Number(number)}${unit}`;
  const quote = text[span.from] === '"' ? 1 : 0;
  return { fix: { written: `${number}${unit}`, meant: limit, places: [{ from: span.from + quote, to: span.to - quote }] }, words: wordsFor(limit) };
}
