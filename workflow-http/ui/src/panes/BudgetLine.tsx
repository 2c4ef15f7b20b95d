// The budget of the run: what is spent, what is reserved for attempts that run, and the limit.
import { useEffect, useRef, useState } from 'react';
import { getRun } from '../api/client';
import type { BudgetReport } from '../api/types';
import { own } from '../base/ownProperty';
import { budgetParts, type BudgetPart } from '../run/budget';
import { hasEnded, isKnown, type Run } from '../run/run';
import { runOf, useSession } from '../session/session';

export function BudgetLine() {
  const run = useSession(runOf);
  // Budgets of called workflows are their own.
  const isLimited = useSession(({ text }) => own(text.check.spec, 'budget') !== undefined);
  return isKnown(run) && (run.origin.budget !== undefined || isLimited) && <Line key={run.id} run={run} />;
}

function Line({ run }: { run: Run }) {
  const budget = useBudget(run);
  if (!budget) return null;
  return (
    <section aria-label="Budget" className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-line bg-panel px-3.5 py-1.5 text-meta text-ink-2">
      <b>Budget</b>
      {budgetParts(budget).map((part) => (
        <Part key={part.unit} part={part} />
      ))}
    </section>
  );
}

function Part({ part: { words, spent, reserved, isTight } }: { part: BudgetPart }) {
  return (
    <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <svg className="budget" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" data-tight={isTight || undefined}>
        <rect width="100" height="6" />
        <rect className="reserved" width={spent + reserved} height="6" />
        <rect className="spent" width={spent} height="6" />
      </svg>
      <code>{words}</code>
    </p>
  );
}

/** While the run is live, at most once in this time. */
const PAUSE = 2000;

/** The events do not say what is reserved, so the report is read when there are more of them. */
function useBudget(run: Run): BudgetReport | undefined {
  const [budget, setBudget] = useState<BudgetReport>();
  const isOver = hasEnded(run);
  const readAt = useRef(-PAUSE);
  // biome-ignore lint/correctness/useExhaustiveDependencies: more events, another budget
  useEffect(() => {
    const stop = new AbortController();
    const read = () => {
      readAt.current = performance.now();
      getRun(run.id, stop.signal).then(
        ({ budget }) => setBudget(budget),
        () => undefined,
      );
    };
    const timer = setTimeout(read, isOver ? 0 : Math.max(0, readAt.current + PAUSE - performance.now()));
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [run.id, run.seq, isOver]);
  return budget;
}
