// What the server says, as far as the page reads it.

/** One fault in a workflow or an input; `pointer` is a JSON pointer written as a URI fragment (`#/nodes/1/data`). */
export interface Fault {
  code: string;
  pointer: string;
  detail: string;
  hint?: string;
}

/** RFC 9457. Every answer that is not a success, and the error of a step or run. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  code?: string;
  detail: string;
  hint?: string;
  retry_after_ms?: number;
  errors?: Fault[];
}

export interface Usage {
  input_tokens?: number;
  /** Thoughts included. */
  output_tokens?: number;
  thought_tokens?: number;
}

export interface Workflow {
  id: string;
  spec: unknown;
  name?: string | null;
  version: number;
  created_at?: string;
}

/** One version of a workflow, as a list has it. */
export interface WorkflowItem {
  id: string;
  version: number;
  name?: string | null;
  created_at: string;
}

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

/** A period in which a run had one state, in milliseconds since the run was created. */
export interface Span {
  state: 'queued' | 'running' | 'retrying' | 'waiting';
  from_ms: number;
  to_ms: number;
}

/** A run as a list has it. */
export interface RunItem {
  id: string;
  workflow: { id: string; name?: string | null; version: number };
  status: 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled';
  /** How many answers of people it waits for. */
  awaiting_answers?: number;
  created_at: string;
  duration_ms?: number;
  usage?: Usage;
  input_excerpt?: string;
  spans?: Span[];
  retry_of?: string;
}

export interface RunPage extends Page<RunItem> {
  /** How many there are in each state. */
  counts?: Partial<Record<RunItem['status'], number>>;
}

/** A time in which no server was there. */
export interface Outage {
  since: string;
  until: string;
}

/** A run with its steps, each as far as it is. */
export interface RunReport extends RunItem {
  input?: unknown;
  error?: Problem;
  outages: Outage[];
  steps: { path: string; status: 'pending' | RunItem['status'] | 'skipped'; duration_ms?: number }[];
}

/** A step with all its attempts. */
export interface StepHistory {
  attempts: {
    attempt: number;
    usage?: Usage;
    model?: string;
    finish_reason?: string;
    /** What is left out of events, such as the request as it was sent. */
    debug?: unknown;
  }[];
}

/** A node as a run's first event describes it. */
export interface NodeOutline {
  id: string;
  type: string;
  needs?: string[];
  /** The workflow it calls. */
  workflow?: string;
  /** What a map or loop repeats. */
  nodes?: NodeOutline[];
}

/** A workflow that is called, as it is during the run. */
export interface CalledWorkflow {
  /** What it is called by. */
  workflow: string;
  workflow_id?: string;
  version?: number;
  nodes: NodeOutline[];
}

/** How a page shows nodes of a type. */
export interface DisplayHints {
  label?: string;
  icon?: string;
  /** The field of `data` that says in short what a node does. */
  summary?: string;
  streams_text: boolean;
}

export interface NodeType {
  type: string;
  activity: string;
  display: DisplayHints;
}

interface Logged {
  seq: number;
  run_id: string;
  time: string;
}

/** What an attempt says of its time, in ms: how long it waited for admission, and from its start, without that, to its first words. */
interface Timed {
  queued_ms?: number;
  first_delta_ms?: number;
}

interface OfStep extends Logged {
  node: string;
  path: string;
  attempt?: number;
}

export interface Delta {
  type: 'node.delta';
  run_id: string;
  /** When it came, if it came as it was said. The page adds it. */
  time?: string;
  node: string;
  path: string;
  attempt: number;
  kind: 'text' | 'thought';
  delta: string;
  /** UTF-16 units of this attempt and kind that come before `delta`. */
  offset: number;
}

export type RunEvent =
  | (Logged & {
      type: 'run.created';
      /** Absent when the run's workflow is not a stored one. */
      workflow_id?: string;
      version?: number;
      input: unknown;
      nodes: NodeOutline[];
      workflows?: CalledWorkflow[];
    })
  | (Logged & { type: 'run.started' })
  | (Logged & { type: 'run.suspended'; reason?: string; wake_at?: string })
  | (Logged & { type: 'run.resumed'; reason?: string })
  | (Logged & { type: 'run.completed'; output: unknown; usage?: Usage; duration_ms?: number })
  | (Logged & { type: 'run.failed'; error: Problem; path?: string; usage?: Usage; duration_ms?: number })
  | (Logged & { type: 'run.cancelled'; reason?: string; usage?: Usage; duration_ms?: number })
  | (OfStep & { type: 'node.started'; max_attempts?: number; reason?: string })
  | (OfStep & { type: 'node.progress'; items_done?: number; items?: number; round?: number })
  | Delta
  /** The attempt waits at a shared limit; `position` 1 is next. */
  | (OfStep & { type: 'node.queued'; queue: string; position: number })
  | (OfStep & { type: 'node.admitted'; queued_ms: number })
  | (OfStep & Timed & { type: 'node.retrying'; max_attempts?: number; next_in_ms: number; error: Problem; usage?: Usage; waits_for?: string })
  | (OfStep & {
      type: 'node.waiting';
      wait_id: string;
      /** What a person is asked; without it, only time ends the wait. */
      message?: string;
      schema?: unknown;
      expires_at?: string;
      resumes_at?: string;
    })
  | (OfStep & { type: 'node.resumed'; payload?: unknown })
  | (OfStep &
      Timed & {
        type: 'node.completed';
        output: unknown;
        duration_ms?: number;
        usage?: Usage;
        model?: string;
        finish_reason?: string;
        /** What else there is to say of the answer, such as its sources. */
        metadata?: unknown;
        reused?: boolean;
        rounds?: number;
        exhausted?: boolean;
      })
  | (OfStep & Timed & { type: 'node.failed'; error: Problem; handled?: boolean; output?: unknown; duration_ms?: number; usage?: Usage })
  | (OfStep & { type: 'node.skipped' | 'node.cancelled'; reason?: string });

export type LogEvent = Exclude<RunEvent, Delta>;

export const endsRun = (type: string): boolean => type === 'run.completed' || type === 'run.failed' || type === 'run.cancelled';
