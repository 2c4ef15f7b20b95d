import { pause } from './backoff.js';
import { Cursor, Gap } from './cursor.js';
import { protocol, unreachable } from './error.js';
import { COMMENT, frames } from './frames.js';
import type { Http } from './http.js';
import { endsRun, type Update } from './types.js';

export interface FollowOptions {
  /** Follow after this event. Default: 0, from the first event. */
  after?: number;
  /** Ends the stream: it throws the reason of the signal. The run continues. */
  signal?: AbortSignal | undefined;
}

const ATTEMPT = 'failed to follow the run';

/** The updates of a run, over as many connections as it takes. */
export async function* follow(http: Http, run: string, { after = 0, signal }: FollowOptions): AsyncGenerator<Update, void, undefined> {
  const cursor = new Cursor(after);
  const backoff = http.backoff();
  const path = `runs/${encodeURIComponent(run)}/events`;
  for (;;) {
    try {
      const headers: Record<string, string> = cursor.after > 0 ? { 'last-event-id': String(cursor.after) } : {};
      const stream = await http.stream({ path, attempt: ATTEMPT, headers, signal });
      // No content: the reader has the last event already.
      if (!stream) return;
      let isGreeted = false;
      for await (const frame of frames(stream)) {
        // A server that greets and then breaks off has not recovered yet: only what follows counts as success.
        if (isGreeted || frame !== COMMENT) backoff.succeeded();
        isGreeted = true;
        if (frame === COMMENT) continue;
        const update = cursor.take(JSON.parse(frame) as Update);
        if (!update) continue;
        yield update;
        if (endsRun(update)) return;
      }
      throw unreachable(ATTEMPT, new Error('the stream ended early'));
    } catch (error) {
      await pause(backoff.failed(understood(error)), signal);
    }
  }
}

function understood(error: unknown): unknown {
  // A stream of a confused proxy or server: reading again from the last event repairs it.
  if (error instanceof Gap) return unreachable(ATTEMPT, error);
  if (error instanceof SyntaxError || error instanceof RangeError) return protocol(ATTEMPT, 'the stream is not that of a run', error);
  return error;
}
