// How the run ended, and what it gave.
import { Copy } from '../parts/Copy';
import { ErrorCard } from '../parts/ErrorCard';
import { useElapsed } from '../parts/RunChip';
import { Pre } from '../parts/Section';
import { Spoken } from '../parts/Spoken';
import { StateChip } from '../parts/State';
import { tokensOf } from '../run/log';
import { usageOf, type Run } from '../run/run';
import { asText, count, plural } from '../words';
import { wordsOf } from './StepDetail';

export function RunResult({ run }: { run: Run }) {
  const elapsed = useElapsed(run);
  const tokens = tokensOf(usageOf(run));
  return (
    <article aria-label="Result">
      <header className="grid gap-1.5 px-4 pt-3 pb-2.5">
        <div className="flex items-center gap-2">
          <h2 className="flex-1 truncate text-[15px] leading-5 font-bold">Result</h2>
          <StateChip state={run.status} />
        </div>
        <p className="flex flex-wrap gap-x-3.5 text-meta text-ink-3">
          <span>took <code className="text-ink">{elapsed}</code></span>
          {tokens > 0 && <span>tokens <code className="text-ink">{count(tokens)}</code></span>}
        </p>
      </header>
      {run.error && <ErrorCard problem={run.error} />}
      {run.status === 'cancelled' && <p className="px-4 pb-3 text-ink-2">Cancelled after {elapsed}. What had finished is kept: {kept(run)}.</p>}
      {run.status === 'completed' && <Output run={run} />}
    </article>
  );
}

const kept = (run: Run): string =>
  plural(Object.values(run.steps).filter((step) => step.state === 'completed').length, 'step');

function Output({ run }: { run: Run }) {
  const text = asText(run.output ?? null);
  const isSpoken = Object.values(run.steps).some((step) => wordsOf(step) !== '' && step.output === run.output);
  return (
    <section aria-label="Output of the run" className="border-t border-line px-4 pb-5">
      <div className="-mr-1.5 flex h-[38px] items-center">
        <h3 className="flex-1 text-meta font-bold text-ink-2">Output</h3>
        <Copy text={text} />
      </div>
      {isSpoken ? <Spoken text={text} isLive={false} /> : <Pre text={text} />}
    </section>
  );
}
