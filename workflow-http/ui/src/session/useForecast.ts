// What the next run would do and cost, asked after a pause: while a person types, nothing is asked, and what was asked is cancelled.
import { useEffect, useMemo, useState } from 'react';
import type { Prediction, Rerun } from '../api/types';
import { predictRerun, predictRun } from '../api/plans';
import { hasEnded, type Run } from '../run/run';
import { budgetField, useWrittenBudget } from './runBudget';
import { runOf, useSession } from './session';
import { inputValue, jsonFaultOf } from './useInput';
import { useWhatIf } from './whatIf';

const PAUSE = 500;

/** What is predicted: each has one question at a time. */
type Subject = 'run' | 'continuation' | 'retry';

/** The last questions. Several components may ask the same. */
const last = new Map<Subject, { key: string; stop: AbortController; answer: Promise<Prediction | undefined> }>();

function ask(of: Subject, key: string, question: (signal: AbortSignal) => Promise<Prediction>): Promise<Prediction | undefined> {
  const known = last.get(of);
  if (known?.key === key) return known.answer;
  known?.stop.abort();
  const stop = new AbortController();
  // Without an answer the page says less, and all else works. The next time it is asked for again.
  const answer = question(stop.signal).catch(() => {
    if (last.get(of)?.key === key) last.delete(of);
    return undefined;
  });
  last.set(of, { key, stop, answer });
  return answer;
}

/** `undefined` while it is not known. `key` says all that the question depends on. */
function usePrediction(of: Subject, key: string | undefined, question: (signal: AbortSignal) => Promise<Prediction>): Prediction | undefined {
  const [known, setKnown] = useState<{ key: string; prediction: Prediction | undefined }>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` says all that the question depends on
  useEffect(() => {
    if (key === undefined) return;
    let isStale = false;
    const timer = setTimeout(() => void ask(of, key, question).then((prediction) => !isStale && setKnown({ key, prediction })), PAUSE);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [key]);
  return known !== undefined && known.key === key ? known.prediction : undefined;
}

/** How the run on the page would be continued: what is unchanged is reused, and what was collected is set. */
export function useContinuation(run: Run): Rerun {
  const input = useSession((session) => session.input.value);
  const outputs = useWhatIf(run.id);
  return useMemo(() => {
    const value = jsonFaultOf(input) === undefined ? inputValue(input) : undefined;
    const isOther = value !== undefined && JSON.stringify(value) !== JSON.stringify(run.input);
    return { reuse: 'unchanged', ...(outputs.size > 0 ? { overrides: Object.fromEntries(outputs) } : {}), ...(isOther ? { input: value } : {}) };
  }, [input, outputs, run.input]);
}

/** What that would do. */
export const useContinuedForecast = (run: Run, how: Rerun): Prediction | undefined => useRerunForecast('continuation', run, how);

/** What a retry from a step would do. */
export const useRetryForecast = (run: Run, from: string): Prediction | undefined => useRerunForecast('retry', run, { from });

function useRerunForecast(of: Subject, run: Run, how: Rerun): Prediction | undefined {
  const canContinue = useSession(({ phase }) => phase.canContinue);
  const saved = useSession(({ text }) => text.saved);
  const spec = useSession(({ phase, text }) => (phase.isMended ? text.check.spec : undefined));
  const isOwn = saved !== null && saved.id === run.workflowId;
  const limit = budgetField(useWrittenBudget(isOwn ? saved.id : ''));
  const asked = { ...limit, ...how, ...(spec === undefined ? (isOwn && saved.version !== run.version ? { version: saved.version } : {}) : { spec }) };
  const key = canContinue ? `${run.id} ${JSON.stringify(asked)}` : undefined;
  return usePrediction(of, key, (signal) => predictRerun(run.id, asked, signal));
}

/** What a first run of the stored workflow on the page would do. */
export function useFirstForecast(): Prediction | undefined {
  const saved = useSession(({ address, text: { saved, text } }) => (address.at === 'workflow' && saved?.text === text ? saved : null));
  const input = useSession((session) => session.input.value);
  const hasRun = useSession((session) => runOf(session) !== null && !hasEnded(runOf(session)!));
  const value = jsonFaultOf(input) === undefined ? inputValue(input) : undefined;
  const limit = budgetField(useWrittenBudget(saved?.id ?? ''));
  const key = saved && !hasRun && value !== undefined ? `${saved.id} ${saved.version} ${JSON.stringify([value, limit])}` : undefined;
  return usePrediction('run', key, (signal) => predictRun(saved!.id, { input: value, version: saved!.version, ...limit }, signal));
}
