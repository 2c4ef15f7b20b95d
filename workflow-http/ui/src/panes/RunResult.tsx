// How the run ended, and what it gave.
import { hintsOf } from '../api/nodeTypes';
import { Output } from '../inspect/Output';
import { textOf } from '../inspect/StepText';
import { Sentence } from '../parts/CodeText';
import { ErrorCard } from '../parts/ErrorCard';
import { useElapsed } from '../parts/RunChip';
import { StateChip } from '../parts/State';
import { money } from '../run/cost';
import { tokensOf } from '../run/log';
import { isHolder } from '../tree/rows';
import { costOfRun, usageOf, type Run } from '../run/run';
import { count, ended, plural } from '../base/format';

export function RunResult({ run }: { run: Run }) {
  const elapsed = useElapsed(run);
  const tokens = tokensOf(usageOf(run));
  const cost = costOfRun(run);
  return (
    <article aria-label="Result">
      <header className="grid gap-1.5 px-4 pt-3 pb-2.5">
        <div className="flex items-center gap-2">
          <h2 className="flex-1 truncate text-[15px] leading-5 font-bold">Result</h2>
          <StateChip state={run.status} />
        </div>
        <p className="flex flex-wrap gap-x-3.5 text-meta text-ink-3">
          <span>
            took <code className="text-ink">{elapsed}</code>
          </span>
          {tokens > 0 && (
            <span>
              tokens <code className="text-ink">{count(tokens)}</code>
            </span>
          )}
          {cost && (
            <span>
              cost <code className="text-ink">{money(cost)}</code>
            </span>
          )}
        </p>
      </header>
      {run.error && (
        <ErrorCard problem={run.error}>
          {run.onFailureError && (
            <p className="text-ink-2">
              <b className="text-ink">
                <code>on_failure</code> did not complete:
              </b>{' '}
              <Sentence text={ended(run.onFailureError.detail)} />
              {run.onFailureError.hint && (
                <>
                  {' '}
                  <Sentence text={ended(run.onFailureError.hint)} />
                </>
              )}
            </p>
          )}
        </ErrorCard>
      )}
      {run.status === 'cancelled' && (
        <p className="px-4 pb-3 text-ink-2">
          Cancelled after {elapsed}. Results that stay: {kept(run)}.
        </p>
      )}
      {run.status === 'completed' && <Output title="Output of the run" value={run.output ?? null} isSpoken={isSpoken(run)} />}
    </article>
  );
}

const kept = (run: Run): string => plural([...run.steps.values()].filter((step) => step.state === 'completed').length, 'step');

/** Whether what a model said is in it. */
function isSpoken({ steps, output }: Run): boolean {
  const said = new Set<unknown>([...steps.values()].map((step) => textOf(step, hintsOf(step.type).streams_text)).filter(Boolean));
  return (isHolder(output) ? Object.values(output) : [output]).some((value) => said.has(value));
}
