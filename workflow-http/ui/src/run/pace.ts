// How much a model has written, and how fast. While it writes, its API counts no tokens, so four characters are taken for one:
// a value of here is an estimate and is shown with a `≈`. The count comes with the end of the attempt.
import type { Step } from './run';

export interface Pace {
  /** An estimate. */
  tokens: number;
  /** An estimate; absent at first, and on a page that does not receive the text live. */
  perSecond?: number;
}

const CHARACTERS = 4;
/** A shorter time gives no rate. */
const LEAST = 1000;

/** `undefined` unless the step writes. */
export function paceOf({ state, text, attempts }: Pick<Step, 'state' | 'text' | 'attempts'>, now: number): Pace | undefined {
  if (state !== 'running' || text === '') return undefined;
  const tokens = Math.ceil(text.length / CHARACTERS);
  const live = attempts.at(-1)?.live;
  const time = live === undefined ? 0 : now - Date.parse(live.since);
  return live === undefined || time < LEAST ? { tokens } : { tokens, perSecond: Math.round(((text.length - live.before) * 1000) / CHARACTERS / time) };
}
