// What the inspector shows: a step, the result, or why there is neither.
import { useState } from 'react';
import { Button } from '../parts/Button';
import { Sentence } from '../parts/CodeText';
import { ErrorCard } from '../parts/ErrorCard';
import { Icon } from '../parts/Icon';
import { asked, type Run, type Step } from '../run/run';
import { runOf, useActions, useChoiceActions, useSession } from '../session/session';
import { RunResult } from './RunResult';
import { StepDetail } from './StepDetail';

interface Props {
  chosen: string | undefined;
  isResult: boolean;
  /** To a place in the text. */
  onGoTo: (at: number) => void;
}

export function Detail({ chosen, isResult, onGoTo }: Props) {
  const run = useSession(runOf);
  const hasProblem = useSession(({ view }) => view.problem !== null);
  const refusal = useSession(({ messages }) => messages.refusal);
  const note = useSession(({ messages }) => messages.note);
  return (
    <div data-detail tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none desk:overflow-auto">
      {refusal && (
        <div className="pt-3" role="alert">
          <ErrorCard problem={refusal} />
        </div>
      )}
      {note && (
        <p className="flex gap-2 border-b border-line px-4 py-2.5 text-ink-2">
          <Icon name="bulb" className="mt-px text-live" />
          <span>
            {note.words}{' '}
            {note.act && (
              <button type="button" className="font-strong text-live underline underline-offset-3" onClick={note.act.go}>
                {note.act.word}
              </button>
            )}
          </span>
        </p>
      )}
      {hasProblem ? <Unknown /> : run && <Shown run={run} chosen={chosen} isResult={isResult} onGoTo={onGoTo} />}
    </div>
  );
}

function Shown({ run, chosen, isResult, onGoTo }: Props & { run: Run }) {
  const { choose } = useChoiceActions();
  const [tooLate, setTooLate] = useState<{ run: string; words: string } | null>(null);
  // An agent shows the calls that it asks about.
  const isHere = (step: Step) => step.path === chosen || (step.callIndex !== undefined && step.container === chosen);
  const others = asked(run).filter((step) => !isHere(step));
  const onTooLate = (words: string) => setTooLate({ run: run.id, words });
  const step = chosen === undefined ? undefined : run.steps.get(chosen);
  if (!step) return null;
  return (
    <>
      {tooLate?.run === run.id && (
        <p role="alert" className="flex gap-2 border-b border-line px-4 py-2.5">
          <Icon name="waiting" className="mt-px text-wait" />
          <span>
            <Sentence text={tooLate.words} />{' '}
            <button type="button" className="font-strong text-live underline underline-offset-3" onClick={() => setTooLate(null)}>
              Close
            </button>
          </span>
        </p>
      )}
      {others[0] && (
        <p className="flex gap-2 border-b border-line px-4 py-2.5 text-ink-2">
          <Icon name="waiting" className="mt-px text-wait" />
          <span className="min-w-0 wrap-anywhere">
            {others.length === 1 ? (
              <>
                <code className="text-ink">{others[0].path}</code> waits for an answer.
              </>
            ) : (
              `${others.length} other steps wait for an answer.`
            )}{' '}
            <button type="button" className="font-strong text-live underline underline-offset-3" onClick={() => choose(others[0]!.path)}>
              {others.length === 1 ? 'Answer it' : 'Answer the first'}
            </button>
          </span>
        </p>
      )}
      {isResult ? <RunResult run={run} /> : <StepDetail key={step.path} run={run} step={step} onTooLate={onTooLate} onChoose={choose} onGoTo={onGoTo} />}
    </>
  );
}

function Unknown() {
  const problem = useSession(({ view }) => view.problem);
  const runId = useSession((session) => session.runId);
  const isForgotten = useSession(({ messages }) => messages.isForgotten);
  const { go } = useActions();
  const isMissing = problem?.status === 404;
  return (
    <div className="grid justify-items-start gap-3 px-4 py-7 desk:px-8 desk:py-10">
      <h2 className="text-hello leading-8 font-bold tracking-[-0.02em]">
        {isForgotten ? 'This run no longer exists.' : isMissing ? 'There is no such run.' : 'This run cannot be shown.'}
      </h2>
      <p className="text-ink-2 wrap-anywhere">
        {isForgotten ? (
          'The server was restarted and does not store runs. Your text is still here, and the next run saves it again.'
        ) : isMissing ? (
          <>
            The server does not know <code>{runId}</code>. It may have been deleted, or the address is incomplete.
          </>
        ) : (
          problem && <Sentence text={problem.detail} />
        )}
      </p>
      <Button onClick={() => go({ at: 'new' })}>Write a workflow</Button>
    </div>
  );
}
