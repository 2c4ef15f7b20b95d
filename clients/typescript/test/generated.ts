// A program that uses the types generated from the OpenAPI document. It is compiled, not run.
import type { components, paths } from '../../../target/clients/api.d.ts';

type Schemas = components['schemas'];
type StartRun = paths['/api/workflows/{id}/runs']['post'];
type RunRequest = StartRun['requestBody']['content']['application/json'];
type Run = StartRun['responses']['202']['content']['application/json'];

/** Only `input` is required. */
export const request: RunRequest = { input: { text: 'tides' } };

/** The `type` of an event selects its fields. */
export function describe(update: Schemas['Update']): string {
  switch (update.type) {
    case 'node.delta':
      return update.delta;
    case 'node.progress':
      if ('turn' in update) return `turn ${update.turn} of ${update.max_turns}`;
      return 'round' in update ? `round ${update.round}` : `${update.items_done} of ${update.items}`;
    case 'node.waiting':
      return `${update.wait_id}: ${update.message ?? 'a time'}`;
    case 'node.failed':
      return `${update.path} failed: ${update.error.detail} [${update.error.code}]`;
    case 'run.completed':
      return JSON.stringify(update.output);
    default:
      return update.type;
  }
}

export async function start(base: string, workflow: string): Promise<Run> {
  const answer = await fetch(`${base}/api/workflows/${workflow}/runs`, { method: 'POST', body: JSON.stringify(request) });
  if (!answer.ok) {
    const problem = (await answer.json()) as Schemas['HttpProblem'];
    throw new Error(`${problem.code}: ${problem.detail}`);
  }
  return (await answer.json()) as Run;
}

/** Milliseconds that a run spent waiting. */
export function waited(run: Schemas['RunRecord']): number {
  const spans = (run.spans ?? []).filter((span) => span.state === 'waiting');
  return spans.reduce((sum, span) => sum + span.to_ms - span.from_ms, 0);
}
