import type { Fault, Problem } from './types.js';

/**
 * What a caller can do about an error.
 *
 * - `unreachable`: there was no response, or it broke off. Whether the request took effect is not known.
 * - `refused`: the server refused the request; `status`, `code` and `faults` say why.
 * - `protocol`: the response is not one of a workflow server.
 * - `no_wait`: no step with this path waits for an answer.
 * - `run_failed`, `run_cancelled`: the run has no result.
 */
export type ErrorKind = 'unreachable' | 'refused' | 'protocol' | 'no_wait' | 'run_failed' | 'run_cancelled';

interface Details {
  kind: ErrorKind;
  problem: Pick<Problem, 'code' | 'detail'> & Partial<Problem>;
  status?: number;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** Why a request, a stream or a run failed. It never contains the API key. */
export class WorkflowError extends Error {
  override readonly name = 'WorkflowError';
  readonly kind: ErrorKind;
  /** The HTTP status of a refusal. */
  readonly status: number | undefined;
  /** What programs match on, such as `unknown_run`: the code of the server, or of the failed run. */
  readonly code: string;
  /** What the caller can do about it. */
  readonly hint: string | undefined;
  /** The single faults of a workflow, an input or an answer. */
  readonly faults: readonly Fault[];
  /** The JSON pointer of the first fault. */
  readonly pointer: string | undefined;
  /** The shortest wait before another try, as the server requests it. */
  readonly retryAfterMs: number | undefined;

  constructor(attempt: string, { kind, problem, status, retryAfterMs, cause }: Details) {
    const faults = problem.errors ?? [];
    const [first, ...others] = faults;
    const places = first ? `: ${first.pointer}: ${first.detail}${others.length ? `, and ${others.length} more` : ''}` : '';
    super(`${attempt}: ${problem.detail}${places}`, { cause });
    this.kind = kind;
    this.status = status;
    this.code = problem.code;
    this.hint = problem.hint ?? faults.find(({ hint }) => hint)?.hint;
    this.faults = faults;
    this.pointer = first?.pointer;
    this.retryAfterMs = retryAfterMs ?? problem.retry_after_ms;
  }

  /** Whether the same request may succeed later. The client has retried already, for as long as its settings allow. */
  get isRetryable(): boolean {
    return this.kind === 'unreachable' || (this.kind === 'refused' && [408, 429, 502, 503, 504].includes(this.status ?? 0));
  }
}

export function unreachable(attempt: string, cause: unknown): WorkflowError {
  return new WorkflowError(attempt, { kind: 'unreachable', problem: { code: 'unreachable', detail: 'the server did not respond' }, cause });
}

export function protocol(attempt: string, detail: string, cause?: unknown): WorkflowError {
  return new WorkflowError(attempt, { kind: 'protocol', problem: { code: 'unexpected_response', detail }, cause });
}
