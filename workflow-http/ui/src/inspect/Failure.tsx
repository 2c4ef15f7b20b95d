// Why a step failed, where, and why it was or was not tried again.
import { ErrorCard } from '../parts/ErrorCard';
import type { Step } from '../run/run';
import { whereOf, type Where } from './where';

export function Failure({ step, spec }: { step: Step; spec: unknown }) {
  const error = step.error!;
  const where = whereOf(spec, step.path, error.detail);
  return (
    <>
      <ErrorCard problem={error}>{where && <Place where={where} />}</ErrorCard>
      <p className="px-4 pb-3 text-ink-2">
        {retryWords(step)}
        {step.handled && ' The workflow handles this failure and went on.'}
      </p>
    </>
  );
}

function Place({ where: { field, before, marked, after } }: { where: Where }) {
  return (
    <figure className="rounded-ctl border border-line bg-inset px-2.5 py-1.5 font-code text-meta leading-5 text-ink-2">
      <figcaption className="text-ink-3">{field}</figcaption>
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

export function retryWords({ attempts, maxAttempts = 1, error, body }: Step): string {
  if (body > 0) return '';
  if (error?.code === 'expired') return 'Nobody answered in time.';
  if (error?.code && SAME.includes(error.code)) return 'Not retried: the same data would fail again.';
  if (attempts.length > 1 && attempts.length >= maxAttempts) return `Tried ${attempts.length} times, and no more attempts are allowed.`;
  if (attempts.length > 1) return `Tried ${attempts.length} times. The last error is one that would come again.`;
  return maxAttempts > 1 ? 'Not retried: this error would come again.' : 'Not retried: this step may be tried once.';
}
