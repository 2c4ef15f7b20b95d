// How much a model has written, and how fast. While it writes, its API counts no tokens, so four characters are taken for one:
// a value of here is an estimate and is shown with a `≈`. The count comes with the end of the attempt.
import type { Step } from './run';

export interface Pace {
  /** An estimate. */
  tokens: number;
  /** An estimate; absent at first, and on a page that did not see the first words come. */
  perSecond?: number;
}

const CHARACTERS = 4;
/** A shorter time gives no rate. */
const LEAST = 1000;

/** `undefined` unless the step writes. */
export function paceOf({ state, text, attempts }: Pick<Step, 'state' | 'text' | 'attempts'>, now: number): Pace | undefined {
  if (state !== 'running' || text === '') return undefined;
  const tokens = Math.ceil(text.length / CHARACTERS);
  const since = attempts.at(-1)?.textAt;
  const time = since === undefined ? 0 : now - Date.parse(since);
  return time < LEAST ? { tokens } : { tokens, perSecond: Math.round((tokens * 1000) / time) };
}
