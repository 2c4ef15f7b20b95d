// What can be done with a step whose run is over. It never scrolls away.
import { useState } from 'react';
import { asProblem, retryRun } from '../api/client';
import { Button } from '../parts/Button';
import { Sentence } from '../parts/Coded';
import { Icon } from '../parts/Icon';
import { priceOf } from '../run/retry';
import type { Run } from '../run/run';
import { plural } from '../words';

export function Foot({ run, path }: { run: Run; path: string }) {
  const [isStarting, setStarting] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const { from, keeps, runs } = priceOf(run, path);
  const retry = async () => {
    setStarting(true);
    setRefusal(null);
    try {
      const { id } = await retryRun(run.id, from);
      location.hash = `#/runs/${encodeURIComponent(id)}`;
    } catch (error) {
      setRefusal(asProblem(error).detail);
    } finally {
      setStarting(false);
    }
  };
  return (
    <div className="sticky bottom-0 z-3 mt-auto flex flex-wrap items-center gap-x-2.5 gap-y-1 border-t border-line bg-panel px-4 py-2.5">
      <Button aria-disabled={isStarting} aria-describedby="retry-price" onClick={() => !isStarting && void retry()}>
        <Icon name="retrying" size={14} />
        <span>
          Retry from <code>{from}</code>
        </span>
      </Button>
      <span id="retry-price" className="text-meta text-ink-3">
        {keeps > 0 ? `Keeps ${plural(keeps, 'result')}, runs` : 'Runs'} {plural(runs, 'step')}.
      </span>
      {refusal && (
        <p role="alert" className="w-full text-meta text-fail">
          <Sentence text={refusal} />
        </p>
      )}
    </div>
  );
}
