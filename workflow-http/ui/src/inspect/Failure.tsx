// Why a step failed, where, and why it was or was not tried again.
import { useEffect, useState } from 'react';
import type { Fix } from '../editor/fix';
import { positionOf } from '../editor/scan';
import { writtenAt, type Outline } from '../editor/useCheck';
import { Button } from '../parts/Button';
import { ErrorCard } from '../parts/ErrorCard';
import { isOnFailure } from '../run/outline';
import { priceOf } from '../run/retry';
import { hasEnded, type Run, type Step } from '../run/run';
import { useActions, useChoiceActions, useSession, type TextState } from '../session/session';
import { remedyOf } from './remedy';
import { whereOf, type Where } from './where';

interface Props {
  run: Run;
  step: Step;
  onGoTo: (at: number) => void;
}

export function Failure({ run, step, onGoTo }: Props) {
  const error = step.error!;
  const text = useSession((session) => session.text.text);
  const check = useSession((session) => session.text.check);
  const where = whereOf(check.spec, step.written, error.detail);
  const at = placeIn({ text, check }, step.written, where?.marked);
  const line = at === undefined ? undefined : positionOf(text, at).line;
  const written = writtenStep(check.outline, step.written);
  const mend = useMend(run, step.path);
  const inner = check.outline.filter(({ path }) => path.startsWith(`${written?.path}/`)).map(({ span }) => span);
  const remedy = mend && written && remedyOf(text, written, error, inner);
  return (
    <>
      <ErrorCard
        problem={error}
        actions={
          at !== undefined && (
            <>
              {remedy && (
                <Button look="primary" onClick={() => mend(remedy.fix)}>
                  {remedy.words} and retry
                </Button>
              )}
              <Button onClick={() => onGoTo(at)}>Go to line {line}</Button>
            </>
          )
        }
      >
        {where && <Place where={where} line={line} />}
      </ErrorCard>
      <p className="px-4 pb-3 text-ink-2">
        {retryWords(step)}
        {step.handled &&
          (step.callIndex === undefined ? ' The workflow handled this failure and continued.' : 'The model was told this error in place of a result.')}
      </p>
    </>
  );
}

/** The step as the text has it, by its path there. */
function writtenStep(outline: Outline[], path: string): Outline | undefined {
  const written = writtenAt(outline, path);
  return outline.find((step) => step.path === written);
}

/** Changes the text of the run's own workflow and retries with it; `undefined` where that cannot be done. */
function useMend(run: Run, path: string): ((fix: Fix) => void) | undefined {
  const { mend } = useChoiceActions();
  const { rerun } = useActions();
  const isOwn = useSession(({ text: { saved, check } }) => saved !== null && saved.id === run.workflowId && check.faults.length === 0);
  const isMended = useSession(({ phase }) => phase.isMended);
  const [isPressed, setPressed] = useState(false);
  // The retry saves the text, so it waits until the change is there.
  useEffect(() => {
    if (!isPressed || !isMended) return;
    setPressed(false);
    // The steps of `on_failure` are no place to begin at.
    rerun(isOnFailure(run.outline, path) ? { reuse: 'unchanged' } : { from: priceOf(run, path).from });
  }, [isPressed, isMended, rerun, run, path]);
  if (!isOwn || !hasEnded(run)) return undefined;
  return (fix) => {
    mend([fix]);
    setPressed(true);
  };
}

/** Where in the text the step is, or what it says there. */
function placeIn({ text, check: { outline } }: Pick<TextState, 'text' | 'check'>, path: string, said: string | undefined): number | undefined {
  const span = writtenStep(outline, path)?.span;
  if (!span) return undefined;
  const at = said === undefined ? -1 : text.slice(0, span.to).indexOf(JSON.stringify(said).slice(1, -1), span.from);
  return at < 0 ? span.from : at;
}

function Place({ where: { field, before, marked, after }, line }: { where: Where; line: number | undefined }) {
  return (
    <figure className="rounded-ctl border border-line bg-inset px-2.5 py-1.5 font-code text-meta leading-5 text-ink-2">
      <figcaption className="text-ink-3">
        {line !== undefined && `line ${line}  `}
        {field}
      </figcaption>
      <p className="wrap-anywhere whitespace-pre-wrap" dir="auto">
        {before}
        <mark className="bg-transparent text-ink underline decoration-fail decoration-wavy underline-offset-[3.5px]">{marked}</mark>
        {after}
      </p>
    </figure>
  );
}

/** Errors that lie in the workflow or its data. */
const SAME = ['template_error', 'type_error', 'invalid_input', 'no_implicit_input', 'output_too_large', 'output_too_deep', 'too_many_items'];

export function retryWords({ attempts, maxAttempts = 1, error, body, callIndex }: Step): string {
  if (body > 0 || callIndex !== undefined) return '';
  if (error?.code === 'expired') return 'No answer came in time.';
  if (error?.code && SAME.includes(error.code)) return 'Not retried: the same data would fail again.';
  if (attempts.length > 1 && attempts.length >= maxAttempts) return `Tried ${attempts.length} times, and no more attempts are allowed.`;
  if (attempts.length > 1) return `Tried ${attempts.length} times. The last error is not retryable.`;
  return maxAttempts > 1 ? 'Not retried: this error is not retryable.' : 'Not retried: this step may be tried once.';
}
