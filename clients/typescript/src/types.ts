// The shapes of the API, generated from its OpenAPI document.
import type { components } from './schema.js';

type Schemas = components['schemas'];

/** A workflow as it is written. */
export type WorkflowSpec = Schemas['Workflow'];
/** A stored workflow, with the warnings of its validation. */
export type CreatedWorkflow = Schemas['Created'];
/** The most that a run may use: US dollars, tokens, requests to models. */
export type Budget = Schemas['Budget'];
/** A run in short. */
export type Run = Schemas['LinkedRunRecord'];
/** A run with its steps, its result and its open questions. */
export type RunReport = Schemas['LinkedRunReport'];
/** What a run would do and cost. */
export type Prediction = Schemas['Prediction'];
/** What differs between two runs. */
export type RunDiff = Schemas['RunDiff'];
/** An item of a run's stream: an event, or a piece of text. A newer server may send types that are not listed here. */
export type Update = Schemas['Update'];
/** An event of a run's log. */
export type RunEvent = Schemas['StepEvent'];
/** A piece of text of a running step. Of each attempt and kind, the pieces add up to the text. */
export type Delta = Schemas['node.delta'];
/** A failure of a request or a run (RFC 9457). */
export type Problem = Schemas['Problem'];
/** One mistake in a workflow, an input or an answer, with its JSON pointer. */
export type Fault = Schemas['Fault'];

/** Whether it is the last event of its run. */
export function endsRun(update: Update): boolean {
  return ['run.completed', 'run.failed', 'run.cancelled'].includes(update.type);
}
