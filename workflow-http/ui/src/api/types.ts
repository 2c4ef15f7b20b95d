// What the server sends, by the names that the page uses. The shapes are generated from the OpenAPI document (`schema.ts`).
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
export type RunItem = Schemas['RunRecord'];
export type RunPage = Omit<Schemas['RunPage'], 'items'> & Page<RunItem>;
/** A run with its steps. */
export type RunReport = Schemas['LinkedRunReport'];
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
export type LogEvent = Schemas['StepEvent'];
export type RunEvent = LogEvent | Delta;

/** A call that waits for approval: what is asked for, and the schema of its arguments. */
export type AskedCall = Schemas['WaitingCall'];

/** A call that a turn of an agent asks for. */
export interface ToolCall {
  tool: string;
  args: unknown;
  /** Why the arguments could not be read. */
  problem?: string;
}

/** The output of a turn, which the API describes as any JSON: at last the answer, before that calls of tools. */
export interface TurnOutput {
  text?: string;
  calls?: ToolCall[];
  output?: unknown;
  /** One more turn without tools gives the answer its form. */
  needs_finish?: boolean;
}

/** What something cost. With `at_least`, the price of a part is not known. What is not known at all is absent. */
export type Cost = Schemas['Cost'];
/** Requests to a model, tokens and money. What is absent is not known, or not limited. */
export type Amount = Schemas['Amount'];
/** The most that a run may use. */
export type Budget = Schemas['Budget'];
/** The budget of a run, as its report has it. */
export type BudgetReport = Schemas['BudgetReport'];
/** The earlier result that stands for a step. */
export type ReusedFrom = Schemas['ReusedFrom'];
/** What a run would do and cost, without running it. */
export type Prediction = Schemas['Prediction'];
/** What does a run again. */
export type Rerun = Partial<Schemas['RetryRequest']>;

/** How something differs between two runs. */
export type Change = Schemas['Change'];
export type PatchOperation = Schemas['PatchOperation'];
export type ValueDiff = Schemas['ValueDiff'];
/** A step in one of two runs. */
export type StepSide = Schemas['StepSide'];
export type StepDiff = Schemas['StepDiff'];
/** Two runs, step by step: `a` is the run before, `b` the one after. */
export type RunDiff = Schemas['RunDiff'];

export const endsRun = (type: string): boolean => type === 'run.completed' || type === 'run.failed' || type === 'run.cancelled';
