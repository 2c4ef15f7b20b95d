// Shapes that `schema.ts` does not have yet, to be replaced by it.
import type { components } from './schema';

type Events = components['schemas']['StepEvent'];
type Of<T extends string> = Extract<Events, { type: T }>;

/** A call that a turn of an agent asks for. */
export interface ToolCall {
  id?: string;
  tool: string;
  args: unknown;
  /** Why the arguments could not be read. */
  problem?: string;
}

/** The output of a turn: at last the answer, before that calls of tools. */
export interface TurnOutput {
  text?: string;
  calls?: ToolCall[];
  output?: unknown;
  /** One more turn without tools gives the answer its form. */
  needs_finish?: boolean;
}

/** What a person approves, with the schema of its arguments. */
export interface AskedCall {
  tool: string;
  args: unknown;
  input?: unknown;
}

interface TurnProgress {
  seq: number;
  run_id: string;
  time: string;
  type: 'node.progress';
  node: string;
  path: string;
  /** From 0. */
  turn: number;
  max_turns: number;
}

export type PlannedEvent =
  | Exclude<Events, { type: 'node.waiting' | 'node.completed' }>
  | (Omit<Of<'node.waiting'>, 'kind'> & { kind?: Of<'node.waiting'>['kind'] | 'approval'; call?: AskedCall })
  | (Of<'node.completed'> & { turns?: number })
  | TurnProgress;

/** `models`: the models of the providers, by the names that `model` takes. */
export type PlannedNodeType = components['schemas']['NodeType'] & { models?: string[] };
