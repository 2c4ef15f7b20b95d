// To be replaced: types that the OpenAPI document has, or will have, and that `schema.ts` does not have yet. Written by hand.

/** What something cost. With `at_least`, the price of a part is not known. What is not known at all is absent. */
export interface Cost {
  usd: number;
  at_least?: boolean;
}

/** Requests to a model, tokens and money. What is absent is not known, or not limited. */
export interface Amount {
  calls?: number;
  tokens?: number;
  usd?: number;
}

/** The most that a run may use. */
export interface Budget extends Amount {
  when_exceeded?: 'fail' | 'ask';
}

/** The budget of a run, as its report has it. */
export interface BudgetState {
  limit: Budget;
  spent: Amount;
  /** The price of a part of `spent` is not known. */
  at_least?: boolean;
  reserved: Amount;
}

/** The results of an earlier run that are there to be reused. */
export interface Continued {
  results: number;
  left_out?: number;
}

/** The earlier result that stands for a step. */
export interface ReusedFrom {
  run: string;
  path: string;
  saved_usage?: { input_tokens?: number; output_tokens?: number };
  saved_cost?: Cost;
}

/** Fields that events may have besides those of `schema.ts`. */
export interface PlannedFields {
  /** `run.created`. */
  retry_of?: string;
  continues?: Continued;
  from?: string;
  only?: string;
  overrides?: Record<string, unknown>;
  budget?: Budget;
  /** Ends of attempts and of runs. */
  cost?: Cost;
  /** `node.completed`. */
  reused_from?: ReusedFrom;
  overridden?: boolean;
  /** `node.waiting`. */
  kind?: 'effect' | 'budget';
  request?: unknown;
}

/** Fields that runs in lists and reports may have. */
export interface PlannedRun {
  cost?: Cost;
  budget?: BudgetState;
}

/** What a step of a new run would do. */
export type Forecast = 'reused' | 'computed' | 'runs' | 'held' | 'asks' | 'skipped' | 'overridden' | 'unknown' | 'fails';

export interface PredictedStep {
  node: string;
  path: string;
  type: string;
  status: Forecast;
  request?: unknown;
  bound?: Amount;
  likely?: Cost;
  reason?: string;
}

/** What a run would do and cost, without running it. */
export interface Prediction {
  steps: PredictedStep[];
  steps_omitted?: boolean;
  counts: Partial<Record<Forecast, number>>;
  /** `null`: not known, or not limited; `unbounded` says why. */
  cost: { min: number; likely: Cost | null; max: number | null; unbounded?: string[] };
  continues?: Continued;
}

/** What does a run again. */
export interface Rerun {
  from?: string;
  only?: string;
  reuse?: 'unchanged';
  overrides?: Record<string, unknown>;
  input?: unknown;
  version?: number;
}

/** How something differs between two runs. */
export type Change = 'same' | 'changed' | 'only_a' | 'only_b' | 'moved';

export interface PatchOperation {
  op: string;
  path: string;
  from?: string;
  value?: unknown;
}

export interface ValueDiff {
  change: Change;
  patch?: PatchOperation[];
  patch_omitted?: boolean;
}

/** A step in one of two runs. */
export interface StepSide {
  status: string;
  attempts: number;
  duration_ms?: number;
  usage?: { input_tokens?: number; output_tokens?: number };
  cost?: Cost;
  error?: string;
  reused?: boolean;
  overridden?: boolean;
}

export interface StepDiff {
  path: string;
  moved_from?: string;
  type: string;
  change: Change;
  a?: StepSide;
  b?: StepSide;
  output?: ValueDiff;
}

/** Two runs, step by step: `a` is the run before, `b` the one after. */
export interface RunDiff<Run> {
  a: { run: Run; cost?: Cost };
  b: { run: Run; cost?: Cost };
  input: ValueDiff;
  output?: ValueDiff;
  counts: { same: number; changed: number; moved: number; only_a: number; only_b: number; not_compared?: number };
  steps: StepDiff[];
  steps_omitted?: number;
}
