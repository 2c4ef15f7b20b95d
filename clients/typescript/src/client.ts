import { WorkflowError } from './error.js';
import { follow, type FollowOptions } from './follow.js';
import { Http, type ClientOptions } from './http.js';
import type { Budget, CreatedWorkflow, Prediction, Run, RunDiff, RunReport, Update, WorkflowSpec } from './types.js';

export interface StartOptions {
  /** What the run works on: any JSON that matches the workflow's `input` schema. */
  input: unknown;
  /** The version of the workflow. Default: the newest. */
  version?: number;
  /** Stored with the run. */
  metadata?: unknown;
  /** The most that the run may use. No limit may be above that of the workflow, which is also the default. */
  budget?: Budget;
  /**
   * The same key and input always give the same run of a workflow, also from another process. Default: a new key for each call,
   * so that only its own retries have the same.
   */
  idempotencyKey?: string;
}

export interface RetryOptions {
  /** `unchanged`: each step that would do what a step of the earlier run did takes over its result. */
  reuse?: 'unchanged';
  /** The top-level node to begin with. With `reuse`: the node that runs again in any case. */
  from?: string;
  /** The path of the only step to run, with the results before it taken over. Its output is that of the run. */
  only?: string;
  /**
   * Outputs that are set instead of running steps, by the path of the step. Other steps that may act outside of the run then wait
   * until a person has decided about each.
   */
  overrides?: Record<string, unknown>;
  /** Another input. Default: that of the earlier run. */
  input?: unknown;
  /** The version of the workflow. Default: that of the earlier run. */
  version?: number;
  /** The most that the run may use. Default: the budget that was set for the earlier run. */
  budget?: Budget;
  /** The same key and options always give the same run. Default: a new key for each call. */
  idempotencyKey?: string;
}

export interface PredictRetryOptions extends RetryOptions {
  /** A workflow that is not stored, in the place of that of `version`. */
  spec?: WorkflowSpec;
}

/** A client of one workflow server. Works in Node 20 and in browsers. */
export class WorkflowClient {
  readonly #http: Http;

  constructor(options: ClientOptions) {
    this.#http = new Http(options);
  }

  /** Stores a workflow. It is not repeated after a lost response, since that could store it twice. */
  createWorkflow(spec: WorkflowSpec): Promise<CreatedWorkflow> {
    return this.#http.call({ method: 'POST', path: 'workflows', attempt: 'failed to create the workflow', body: spec, notRepeatable: true });
  }

  /** Starts a run. Every try has the same idempotency key, so a lost response never starts two runs. */
  start(workflowId: string, { idempotencyKey = newKey(), ...body }: StartOptions): Promise<Run> {
    const path = `workflows/${encodeURIComponent(workflowId)}/runs`;
    const headers = { 'idempotency-key': idempotencyKey };
    return this.#http.call({ method: 'POST', path, attempt: 'failed to start the run', body, headers });
  }

  /**
   * Does an ended run again, as a new one: all of it, or as much as the options say. Every try has the same idempotency key, so a
   * lost response never starts two runs.
   */
  retry(runId: string, { idempotencyKey = newKey(), ...body }: RetryOptions = {}): Promise<Run> {
    const path = `runs/${encodeURIComponent(runId)}/retry`;
    const headers = { 'idempotency-key': idempotencyKey };
    return this.#http.call({ method: 'POST', path, attempt: 'failed to retry the run', body, headers });
  }

  /** What a run with these options would do and cost. Nothing is started. */
  predict(workflowId: string, { idempotencyKey: _, ...body }: StartOptions): Promise<Prediction> {
    const path = `workflows/${encodeURIComponent(workflowId)}/plan`;
    return this.#http.call({ method: 'POST', path, attempt: PREDICT, body });
  }

  /** What a retry with these options would do and cost: which results it would take over. Nothing is started. */
  predictRetry(runId: string, { idempotencyKey: _, ...body }: PredictRetryOptions = {}): Promise<Prediction> {
    return this.#http.call({ method: 'POST', path: `runs/${encodeURIComponent(runId)}/plan`, attempt: PREDICT, body });
  }

  /** What differs between two runs: their inputs, steps and results. */
  diff(runId: string, otherId: string): Promise<RunDiff> {
    const path = `runs/${encodeURIComponent(runId)}/diff/${encodeURIComponent(otherId)}`;
    return this.#http.call({ path, attempt: 'failed to compare the runs' });
  }

  /** The value of an expression, such as `draft.output | length`, with what the step at the path `at` could read. */
  async evaluate(runId: string, at: string, expression: string): Promise<unknown> {
    const path = `runs/${encodeURIComponent(runId)}/evaluate`;
    const attempt = 'failed to evaluate the expression';
    const { value } = await this.#http.call<{ value: unknown }>({ method: 'POST', path, attempt, body: { at, expression } });
    return value;
  }

  /**
   * The events and texts of a run, to its last event: each event exactly once and in order, each piece of text once.
   *
   * When the connection is lost or silent, it reconnects after the last event. It throws a `WorkflowError` if that is refused,
   * or not possible within `retryForMs`. While the run waits for a person or a time, the stream waits, too. Ending the loop
   * closes the connection; the run continues.
   */
  follow(runId: string, options: FollowOptions = {}): AsyncGenerator<Update, void, undefined> {
    return follow(this.#http, runId, options);
  }

  /** Waits until a run ends, and returns its output. Throws if it failed or was cancelled. */
  async result(runId: string, options: Pick<FollowOptions, 'signal'> = {}): Promise<unknown> {
    const attempt = `run ${runId}`;
    for await (const update of this.follow(runId, options)) {
      if (update.type === 'run.completed') return update.output;
      if (update.type === 'run.failed') throw new WorkflowError(attempt, { kind: 'run_failed', problem: update.error });
      if (update.type === 'run.cancelled') {
        throw new WorkflowError(attempt, { kind: 'run_cancelled', problem: { code: 'cancelled', detail: 'the run was cancelled' } });
      }
    }
    throw new WorkflowError(attempt, { kind: 'protocol', problem: { code: 'unexpected_response', detail: 'its last event cannot be read' } });
  }

  /** The state of a run, with its steps and open questions. */
  run(runId: string): Promise<RunReport> {
    return this.#http.call({ path: `runs/${encodeURIComponent(runId)}`, attempt: 'failed to read the run' });
  }

  /**
   * Answers the step that waits for a person. `step` is its id, or its path if it is in a map, loop or called workflow, such as
   * `each/2/approve`.
   */
  async answer(runId: string, step: string, value: unknown): Promise<Run> {
    const { waits = [] } = await this.run(runId);
    const wait = waits.find(({ path }) => path === step);
    if (wait) return this.answerWait(runId, wait.wait_id, value);
    const problem = { code: 'no_wait', detail: `\`${step}\` does not wait for an answer`, ...hintOf(waits.map(({ path }) => path)) };
    throw new WorkflowError(ANSWER, { kind: 'no_wait', problem });
  }

  /** Answers a wait, which the event `node.waiting` names. The same answer may be repeated. */
  answerWait(runId: string, waitId: string, value: unknown): Promise<Run> {
    const path = `runs/${encodeURIComponent(runId)}/waits/${encodeURIComponent(waitId)}`;
    return this.#http.call({ method: 'POST', path, attempt: ANSWER, body: value });
  }

  /** Cancels a run. Cancelling an ended run changes nothing. */
  cancel(runId: string): Promise<Run> {
    return this.#http.call({ method: 'POST', path: `runs/${encodeURIComponent(runId)}/cancel`, attempt: 'failed to cancel the run' });
  }
}

const ANSWER = 'failed to answer the step';
const PREDICT = 'failed to predict the run';

const hintOf = (paths: string[]) => (paths.length === 0 ? {} : { hint: `these steps wait: ${paths.join(', ')}` });

/** Random; `crypto.randomUUID` is missing in pages without TLS. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
