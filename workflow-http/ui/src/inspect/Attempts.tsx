// The attempts of a step and their outcomes.
import { Sentence } from '../parts/CodeText';
import { Icon } from '../parts/Icon';
import { Section } from '../parts/Section';
import type { Attempt, Step, StepState } from '../run/run';
import { duration } from '../base/format';

export function Attempts({ step }: { step: Step }) {
  const { attempts, attempt, maxAttempts, state } = step;
  if (attempts.length === 0 || (attempts.length === 1 && (maxAttempts ?? 1) === 1)) return null;
  return (
    <Section title="Attempts" fact={`${attempt}${maxAttempts ? ` of ${maxAttempts}` : ''}`} isOpen={state === 'retrying'}>
      <ol className="grid gap-2">
        {attempts.map((one) => (
          <Row key={`${one.number} ${one.startedAt}`} attempt={one} state={stateOf(one, step)} />
        ))}
      </ol>
    </Section>
  );
}

function Row({ attempt: { number, error, startedAt, endedAt, nextIn, isLost }, state }: { attempt: Attempt; state: StepState }) {
  return (
    <li className="grid grid-cols-[auto_minmax(0,1fr)_auto] gap-x-2" data-state={state}>
      <Icon name={state} size={14} className="mt-0.5 text-state" />
      <span className="wrap-anywhere">
        Attempt {number}
        {isLost && ': the server stopped meanwhile'}
        {error && (
          <>
            : <Sentence text={error.detail} />
          </>
        )}{' '}
        <span className="text-ink-3">
          {error?.code && <code>{error.code}</code>} {nextIn !== undefined && `next after ${duration(nextIn)}`}
        </span>
      </span>
      {endedAt && <time className="text-meta text-ink-2">{duration(Date.parse(endedAt) - Date.parse(startedAt))}</time>}
    </li>
  );
}

const stateOf = ({ error, nextIn, endedAt, isLost }: Attempt, step: Step): StepState =>
  isLost ? 'cancelled' : nextIn !== undefined ? 'retrying' : error ? 'failed' : endedAt ? step.state : 'running';
