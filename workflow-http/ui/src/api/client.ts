// The server's REST interface. Every URL is relative to the page, which may live under a base path.
import { learnClock } from './clock';
import { keyHeader, readAccess, refuse } from './key';
import type { Budget, Checked, LogEvent, NodeTypes, Page, Problem, Rerun, RunPage, RunReport, StepHistory, Workflow, WorkflowItem } from './types';

/** An error response. `status` 0: there was no response. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status ?? 0;
  }
}

export const asProblem = (error: unknown): Problem => (error instanceof ApiError ? error.problem : { detail: String(error) });

/** Sends the key of this tab; when the server refuses it, the sign-in form is shown. */
export async function request(path: string, init?: RequestInit): Promise<Response> {
  const { key } = readAccess();
  try {
    return await send(path, key, init);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) refuse(key);
    throw error;
  }
}

/** `fetch` that updates the server's clock and turns every failure into an `ApiError`. */
async function send(path: string, key: string | null, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(new URL(`api/${path}`, document.baseURI), {
    ...init,
    headers: { ...(init.headers as object | undefined), ...keyHeader(key) },
  }).catch((error: unknown) => {
    if (init.signal?.aborted && !isTimeout(init.signal)) throw error;
    throw new ApiError({ status: 0, code: 'no_answer', detail: 'The server does not answer.' });
  });
  learnClock(response);
  if (response.ok) return response;
  throw new ApiError(await problemOf(response));
}

const isTimeout = ({ reason }: AbortSignal): boolean => reason instanceof DOMException && reason.name === 'TimeoutError';

async function problemOf(response: Response): Promise<Problem> {
  const said = (await response.json().catch(() => null)) as Partial<Problem> | null;
  const detail = said?.detail ?? said?.title ?? `The server answered ${response.status}.`;
  return { ...said, status: response.status, detail };
}

export const post = (body?: unknown, signal?: AbortSignal): RequestInit => ({
  method: 'POST',
  ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  ...(signal ? { signal } : {}),
});

export async function json<T>(path: string, init?: RequestInit): Promise<T> {
  return (await request(path, init)).json() as Promise<T>;
}

const name = encodeURIComponent;

/** A query string of the fields that are set. */
function query(fields: RunFilter & { limit?: number; cursor?: string | undefined }): string {
  return new URLSearchParams(Object.entries(fields).flatMap(([key, value]) => (value === undefined || value === '' ? [] : [[key, String(value)]]))).toString();
}

export const validate = (spec: unknown, signal: AbortSignal) => json<Checked>('workflows/validate', post(spec, signal));

export const createWorkflow = (spec: unknown) => json<Workflow>('workflows', post(spec));

export const getWorkflow = (id: string, version: number | undefined, signal?: AbortSignal) =>
  json<Workflow>(`workflows/${name(id)}${version === undefined ? '' : `?version=${version}`}`, signal ? { signal } : {});

/** A new version of a workflow, unless another one was saved after version `over`: then 412. */
export const saveWorkflow = (id: string, over: number, spec: unknown) =>
  json<Workflow>(`workflows/${name(id)}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'if-match': `"${over}"` },
    body: JSON.stringify(spec),
  });

export const deleteWorkflow = (id: string) => request(`workflows/${name(id)}`, { method: 'DELETE' });

export const listWorkflows = (cursor?: string) => json<Page<WorkflowItem>>(`workflows?${query({ limit: 50, cursor })}`);

export const listVersions = (id: string) => json<Page<WorkflowItem>>(`workflows/${name(id)}/versions?limit=50`);

export interface RunFilter {
  workflow_id?: string;
  status?: string;
  q?: string;
}

export const listRuns = (filter: RunFilter, limit: number, cursor?: string) => json<RunPage>(`runs?${query({ ...filter, limit, cursor })}`);

export const getRun = (id: string, signal: AbortSignal) => json<RunReport>(`runs/${name(id)}`, { signal });

export const deleteRun = (id: string) => request(`runs/${name(id)}`, { method: 'DELETE' });

export const startRun = ({ id, version }: Pick<Workflow, 'id' | 'version'>, run: { input: unknown; budget?: Budget }) =>
  json<{ id: string }>(`workflows/${name(id)}/runs`, post({ ...run, version }));

export const cancelRun = (id: string) => request(`runs/${name(id)}/cancel`, post());

/** A person's answer. The events say what follows. */
export const answerWait = (run: string, wait: string, answer: unknown) => request(`runs/${name(run)}/waits/${name(wait)}`, post(answer));

/** Time-out of the health check. With the silence before it, less than 10 s. */
export const PATIENCE = 3_000;

/** Whether the server answers at all within this time. */
export const isAnswering = (ms: number): Promise<boolean> =>
  fetch(new URL('healthz', document.baseURI), { cache: 'no-store', signal: AbortSignal.timeout(ms) }).then(
    () => true,
    () => false,
  );

/** Rejects unless the server accepts this key. */
export const tryKey = (key: string) => send('node-types', key);

export const getNodeTypes = (signal: AbortSignal) => json<NodeTypes>('node-types', { signal });

/** The events of a run after this number, one page of them. */
export const getEvents = (run: string, after: number, signal?: AbortSignal) =>
  json<{ items: LogEvent[] }>(`runs/${name(run)}/events?limit=200&after=${after}`, { headers: { accept: 'application/json' }, ...(signal ? { signal } : {}) });

/** The history of a step, with the debug data that events omit. */
export const getStep = (run: string, path: string) => json<StepHistory>(`runs/${name(run)}/steps/${path.split('/').map(name).join('/')}`);

/** Starts a run that does as much of this one again as `how` says. */
export const retryRun = (run: string, how: Rerun) => json<{ id: string }>(`runs/${name(run)}/retry`, post(how));

/** The JSON Schema of a workflow. */
export const getSchema = () => json<Record<string, unknown>>('schema/workflow.json');
