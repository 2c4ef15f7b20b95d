export { WorkflowClient, type RetryOptions, type StartOptions } from './client.js';
export { WorkflowError, type ErrorKind } from './error.js';
export type { FollowOptions } from './follow.js';
export type { ClientOptions } from './http.js';
export { endsRun } from './types.js';
export type { Budget, CreatedWorkflow, Delta, Fault, Problem, Run, RunEvent, RunReport, Update, WorkflowSpec } from './types.js';
