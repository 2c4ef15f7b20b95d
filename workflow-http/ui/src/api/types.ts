// What the server sends, by the names that the page uses. The shapes are generated from the OpenAPI document (`schema.ts`).
import type { PlannedFields, PlannedRun } from './planned';
import type { components } from './schema';

type Schemas = components['schemas'];

/** One fault in a workflow or an input. The page finds some itself, with codes of its own. */
export type Fault = Omit<Schemas['Fault'], 'code'> & { code: string };

/** RFC 9457: every answer that is not a success, and the error of a step or run. `status` 0: there was no answer. */
export type Problem = Partial<Omit<Schemas['Problem'], 'errors'>> & { detail: string; status?: number; errors?: Fault[] };

export type Usage = Partial<Schemas['Usage']>;
export type DisplayHints = Schemas['DisplayHints'];
export type NodeType = Schemas['NodeType'];
export type NodeTypes = Schemas['NodeTypes'];

export type Workflow = Schemas['WorkflowRecord'];
/** One version of a workflow, as a list has it. */
export type WorkflowItem = Schemas['WorkflowItem'];
export type Checked = Schemas['Checked'];

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** What a run did in a stretch of time, in milliseconds since it was created. */
export type Span = Schemas['Span'];
/** A run, as a list has it. */
export type RunItem = Schemas['RunRecord'] & PlannedRun;
export type RunPage = Omit<Schemas['RunPage'], 'items'> & Page<RunItem>;
/** A run with its steps. */
export type RunReport = Schemas['LinkedRunReport'] & PlannedRun;
/** A time in which no server was there. */
export type Outage = Schemas['Outage'];
/** A step with all its attempts. */
export type StepHistory = Schemas['StepHistory'];
/** A node, as the first event of a run describes it. */
export type NodeOutline = Schemas['NodeOutline'];
/** A workflow that is called, as it is during the run. */
export type CalledWorkflow = Schemas['PinnedWorkflow'];

/** `time`: when it came, if it came while it was streamed. The page adds it. */
export type Delta = Schemas['node.delta'] & { time?: string };
export type LogEvent = Schemas['StepEvent'] & PlannedFields;
export type RunEvent = LogEvent | Delta;

export const endsRun = (type: string): boolean => type === 'run.completed' || type === 'run.failed' || type === 'run.cancelled';
