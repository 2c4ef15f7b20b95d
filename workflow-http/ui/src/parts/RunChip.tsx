import { shortMoney } from '../run/cost';
import { costOfRun, hasEnded, type Run } from '../run/run';
import { duration } from '../base/format';
import { StateChip } from './State';
import { useNow } from './useNow';

export function RunChip({ run }: { run: Run }) {
  const cost = costOfRun(run);
  const elapsed = useElapsed(run);
  return <StateChip state={run.status} time={cost ? `${elapsed} · ${shortMoney(cost)}` : elapsed} />;
}

/** How long the run has been going, or took. */
export function useElapsed(run: Run): string {
  const isGoing = run.startedAt !== undefined && !hasEnded(run);
  const now = useNow(isGoing);
  if (run.startedAt === undefined) return '';
  if (run.durationMs !== undefined) return duration(run.durationMs);
  const end = run.endedAt === undefined ? now : Date.parse(run.endedAt);
  return duration(end - Date.parse(run.startedAt));
}
