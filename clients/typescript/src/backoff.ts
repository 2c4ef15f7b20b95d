import { WorkflowError } from './error.js';

const FIRST_WAIT = 250;
const LONGEST_WAIT = 10_000;

/** How long to wait before the next try, and when to give up. */
export class Backoff {
  readonly #retryForMs: number;
  #failures = 0;
  #since = 0;

  constructor(retryForMs: number) {
    this.#retryForMs = retryForMs;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /**
   * The wait before the next try: exponential, with jitter so that many clients of a server that restarts do not return at
   * once, and at least what the server requests. Throws the error if it is permanent, or the next try would be too late.
   */
  failed(error: unknown): number {
    if (!(error instanceof WorkflowError) || !error.isRetryable) throw error;
    if (this.#failures === 0) this.#since = performance.now();
    const longest = Math.min(FIRST_WAIT * 2 ** this.#failures, LONGEST_WAIT);
    this.#failures += 1;
    const wait = Math.max(longest * (0.5 + Math.random() / 2), error.retryAfterMs ?? 0);
    if (performance.now() - this.#since + wait > this.#retryForMs) throw error;
    return wait;
  }
}

/** Waits, or throws the reason of the signal. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}
