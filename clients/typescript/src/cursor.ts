import type { Delta, Update } from './types.js';

/** Events between the last one and this one are missing. */
export class Gap extends Error {}

const ATTEMPT_BOUNDS = ['node.started', 'node.retrying', 'node.completed', 'node.failed', 'node.cancelled'];

/** The position of a reader: events have numbers without gaps, text has offsets within its attempt. */
export class Cursor {
  after: number;
  /** Of running steps, by path and kind. */
  readonly #texts = new Map<string, { attempt: number; end: number }>();

  constructor(after: number) {
    this.after = after;
  }

  /** What of an update is new; throws a `Gap`. */
  take(update: Update): Update | undefined {
    if (update.type === 'node.delta') return this.#takeDelta(update);
    // An item of a newer server may have no number.
    if (typeof update.seq !== 'number') return update;
    if (update.seq <= this.after) return undefined;
    if (update.seq > this.after + 1) throw new Gap(`event ${update.seq} follows event ${this.after}`);
    this.after = update.seq;
    // Each attempt writes its text from the beginning, also one that repeats a number after a crash.
    if ('path' in update && ATTEMPT_BOUNDS.includes(update.type)) {
      for (const kind of ['text', 'thought']) this.#texts.delete(`${kind} ${update.path}`);
    }
    return update;
  }

  /** The part of a piece that the reader does not have: after a reconnect, text comes from its beginning. */
  #takeDelta(delta: Delta): Delta | undefined {
    const key = `${delta.kind} ${delta.path}`;
    const known = this.#texts.get(key);
    const end = known?.attempt === delta.attempt ? known.end : 0;
    const repeated = Math.max(0, end - delta.offset);
    if (repeated >= delta.delta.length) return undefined;
    this.#texts.set(key, { attempt: delta.attempt, end: delta.offset + delta.delta.length });
    return repeated === 0 ? delta : { ...delta, offset: end, delta: delta.delta.slice(repeated) };
  }
}
