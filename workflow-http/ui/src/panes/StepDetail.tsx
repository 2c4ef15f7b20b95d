// One step: what it says, what it gave, or why it did not.
import type { ReactNode } from 'react';
import { CallDetail } from '../agent/CallDetail';
import { Turns } from '../agent/Turns';
import { writeAddress } from '../session/address';
import { hintsOf, useTypes } from '../api/nodeTypes';
import { serverNow } from '../api/clock';
import { AGENT_TURN, TOOL_CALL } from '../api/nodeTypes';
import type { CalledWorkflow } from '../api/types';
import { Attempts } from '../inspect/Attempts';
import { Failure } from '../inspect/Failure';
import { Foot } from '../inspect/Foot';
import { DebugData } from '../inspect/DebugData';
import { Given } from '../inspect/Given';
import { FailedItems } from '../inspect/FailedItems';
import { Output } from '../inspect/Output';
import { Sources } from '../inspect/Sources';
import { useEarlier } from '../inspect/useEarlier';
import { Thoughts } from '../inspect/Thoughts';
import { StepText, textOf } from '../inspect/StepText';
import { CodeText, Sentence } from '../parts/CodeText';
import { Icon, iconOf } from '../parts/Icon';
import { StateChip, turnWord } from '../parts/State';
import { useNow } from '../parts/useNow';
import { useTook } from '../parts/useTook';
import { idOf, isOnFailure } from '../run/outline';
import { money } from '../run/cost';
import { queueWords } from '../run/log';
import { whyNot } from '../run/whyNot';
import { paceOf } from '../run/pace';
import { costOfStep, hasEnded, isSettled, shownState, tookOf, type Run, type Step, type Wait } from '../run/run';
import { count, duration, ended, moment } from '../base/format';
import { useConditions } from '../session/useConditions';
import { AnswerForm } from './AnswerForm';
import { Held } from './Held';
import { Question } from './Question';

interface Props {
  run: Run;
  step: Step;
  onTooLate: (words: string) => void;
  onChoose: (path: string) => void;
  onGoTo: (at: number) => void;
}

export function StepDetail({ run, step, onTooLate, onChoose, onGoTo }: Props) {
  const { icon, streams_text: speaks } = hintsOf(step.type, useTypes());
  // The words of an agent are those of its turns.
  const isAgent = step.repeats === 'turn';
  const streamsText = speaks && !isAgent;
  const isOver = hasEnded(run);
  const word =
    step.state === 'pending' && isOver
      ? 'Not reached'
      : step.handled
        ? step.callIndex === undefined
          ? 'Failed, handled'
          : 'Failed, model told'
        : turnWord(shownState(step));
  const hasOutput = step.output !== undefined && textOf(step, streamsText) !== step.output;
  return (
    <article aria-label={`Step ${step.path}`} className="flex min-h-full flex-col">
      <header className="grid gap-1.5 px-4 pt-3 pb-2.5">
        <div className="flex flex-wrap items-center justify-end gap-2">
          <span className="flex min-w-0 flex-auto items-center gap-2">
            <Icon name={iconOf(icon)} className="text-ink-2" />
            <h2 className="min-w-0 font-code text-[15px] leading-5 font-bold wrap-anywhere">
              <span className="text-meta font-normal text-ink-3">{step.path.slice(0, -step.node.length)}</span>
              {step.node}
            </h2>
          </span>
          <StateChip state={shownState(step)} word={word} handled={step.handled} time={useGoing(step)} />
        </div>
        <Facts run={run} step={step} />
      </header>
      <Given run={run} step={step} />
      {step.error && step.state === 'failed' && <Failure run={run} step={step} onGoTo={onGoTo} />}
      {step.callIndex !== undefined && <CallDetail run={run} step={step} onTooLate={onTooLate} />}
      {isAgent && <Turns path={step.path} onTooLate={onTooLate} />}
      {step.state === 'waiting' && step.wait && step.wait.kind !== 'approval' && (
        <Asked key={step.wait.id} run={run} path={step.path} wait={step.wait} onTooLate={onTooLate} />
      )}
      <Quiet step={step} isOver={isOver} streamsText={streamsText} />
      <Thoughts step={step} />
      <StepText step={step} streamsText={streamsText} />
      {step.isTruncated && <Truncated />}
      <Sources metadata={step.metadata} />
      <FailedItems run={run} step={step} onChoose={onChoose} />
      {hasOutput && <Output title="Output" value={step.output} isSpoken={(speaks || isAgent) && !step.handled} />}
      <Attempts step={step} />
      <Used run={run} step={step} />
      {step.state !== 'pending' && <DebugData runId={run.id} step={step} isPrompted={streamsText} />}
      {isOver && !isOnFailure(run.outline, step.path) && <Foot run={run} step={step} />}
    </article>
  );
}

/** What a person is asked, and the answer. */
function Asked({ run, path, wait, onTooLate }: Pick<Props, 'run' | 'onTooLate'> & { path: string; wait: Wait }) {
  const earlier = useEarlier(wait.kind === 'effect' ? run.origin.retry_of : undefined, path);
  return (
    <>
      {wait.kind ? <Held wait={wait} /> : <Question message={wait.message ?? ''} />}
      <AnswerForm runId={run.id} wait={wait} earlier={earlier} onTooLate={onTooLate} />
    </>
  );
}

/** How long it has been going. */
function useGoing(step: Step): string | undefined {
  const took = useTook(step);
  return took === undefined || isSettled(step.state) ? undefined : duration(took);
}

function Facts({ run, step }: { run: Run; step: Step }) {
  const now = serverNow();
  const { usage, attempts } = step;
  const last = attempts.at(-1);
  const took = tookOf(step, now);
  const queued = last
    ? last.queued.reduce((sum, { since, until }) => sum + Math.max(0, (until === undefined ? now : Date.parse(until)) - Date.parse(since)), 0)
    : 0;
  const asked = last?.firstAt && Date.parse(last.firstAt) - Date.parse(last.startedAt) - queued;
  const spoke = last?.firstAt && last.endedAt && Date.parse(last.endedAt) - Date.parse(last.firstAt);
  const pace = paceOf(step, now);
  const counted = spoke && usage?.output_tokens ? Math.round((usage.output_tokens * 1000) / spoke) : undefined;
  const perSecond = pace ? pace.perSecond : counted;
  const facts: [string, string | undefined][] = [
    ['asked', step.state === 'waiting' && step.wait ? moment(step.wait.since, now) : undefined],
    ['answer by', step.state === 'waiting' && step.wait?.expiresAt ? moment(step.wait.expiresAt, now) : undefined],
    ['in', step.turn],
    ['model', step.model],
    ['attempt', step.maxAttempts && step.maxAttempts > 1 ? `${step.attempt} of ${step.maxAttempts}` : undefined],
    ['done', step.state === 'running' || step.state === 'completed' ? step.progress : undefined],
    ['took', isSettled(step.state) && took !== undefined ? duration(took) : undefined],
    ['in line', queued > 0 ? duration(queued) : undefined],
    ['first words', asked ? duration(asked) : undefined],
    ['tokens', pace && `≈${count(pace.tokens)}`],
    ['speed', perSecond === undefined ? undefined : `${pace ? '≈' : ''}${count(perSecond)} tokens/s`],
    ['ended by', step.finishReason && step.finishReason.toLowerCase() !== 'stop' && !step.isTruncated ? step.finishReason : undefined],
  ];
  return (
    <p className="flex flex-wrap gap-x-3.5 gap-y-0.5 text-meta text-ink-3">
      <span>
        type{' '}
        {OF_AGENTS.includes(step.type) ? (
          <code className="text-ink">{step.type}</code>
        ) : (
          <a
            href={`docs/language#node-types-${step.type}`}
            target="_blank"
            rel="noreferrer"
            className="font-code text-ink underline decoration-line-2 underline-offset-3"
            title="Documentation"
          >
            {step.type}
          </a>
        )}
      </span>
      {facts.map(
        ([name, value]) =>
          value && (
            <span key={name}>
              {name} <code className="text-ink">{value}</code>
            </span>
          ),
      )}
      {step.calls !== undefined && <Called name={step.calls} called={run.outline.workflows.get(step.calls)} />}
    </p>
  );
}

/** Types that are in no text. */
const OF_AGENTS: string[] = [AGENT_TURN, TOOL_CALL];

/** The workflow that a step calls, one press away. */
function Called({ name, called }: { name: string; called: CalledWorkflow | undefined }) {
  const { workflow_id: id, version } = called ?? {};
  return (
    <span>
      calls{' '}
      {id === undefined ? (
        <code className="text-ink">{name}</code>
      ) : (
        <a href={writeAddress({ at: 'workflow', id, version })} className="font-code text-live underline underline-offset-3">
          {name}
          {version !== undefined && ` v${version}`}
        </a>
      )}
    </span>
  );
}

/** States in which nothing is to be seen yet, or any more, are explained. */
function Quiet({ step, isOver, streamsText }: { step: Step; isOver: boolean; streamsText: boolean }) {
  const conditionOf = useConditions();
  const words = quietWords(step, isOver, streamsText, conditionOf(step.written));
  return words && <p className="px-4 pb-3 text-ink-2">{words}</p>;
}

function quietWords(step: Step, isOver: boolean, streamsText: boolean, when: string | undefined): ReactNode {
  const last = step.attempts.findLast((attempt) => attempt.error);
  switch (step.state) {
    case 'pending':
      if (isOver) return 'The run ended before this step could start.';
      return step.needs.length === 0 ? (
        'Starts at once.'
      ) : (
        <CodeText text={`Starts when ${step.needs.map((need) => `\`${idOf(need)}\``).join(' and ')} is done.`} />
      );
    case 'running':
      if (step.text || step.thought) return null;
      if (step.progress) return null;
      return streamsText ? (
        <>
          Asked the model. The first words come soon. <i className="caret animate-none" />
        </>
      ) : (
        'Working.'
      );
    case 'queued':
      return step.queue && `${queueWords(step.queue)}: ${step.queue.name}. The time-out of the attempt does not run meanwhile.`;
    case 'retrying':
      return (
        last?.error && (
          <>
            <Sentence text={ended(last.error.detail)} /> Next attempt in {duration(last.nextIn ?? 0)}
            {last.waitsFor === 'retry_budget' && ', once the shared retry budget allows it'}.
          </>
        )
      );
    case 'delayed':
      return <GoesOn step={step} />;
    case 'skipped':
    case 'cancelled':
      return <CodeText text={whyNot(step, when)} />;
    default:
      return null;
  }
}

function GoesOn({ step }: { step: Step }) {
  const now = useNow(true);
  const time = step.wait?.resumesAt;
  if (!time) return 'Waits for its time.';
  const left = Date.parse(time) - now;
  return (
    <>
      Resumes at <time dateTime={time}>{moment(time, now)}</time>
      {left > 0 && (
        <>
          , in <time>{left < 60_000 ? `${Math.ceil(left / 1000)} s` : duration(left)}</time>
        </>
      )}
      .
    </>
  );
}

/** An answer that is cut off looks like a whole one. */
function Truncated() {
  return (
    <p className="mx-4 mb-3.5 flex gap-2 rounded-ctl border border-line-2 px-2.5 py-2 text-retry">
      <Icon name="warning" className="mt-px" />
      <span>Cut off at the token limit: the answer is not complete.</span>
    </p>
  );
}

/** Its tokens and what it cost; of a container, what the steps in it cost. */
function Used({ run, step }: { run: Run; step: Step }) {
  const cost = costOfStep(run, step);
  if (!step.usage && !cost) return null;
  const { input_tokens = 0, output_tokens = 0, thought_tokens = 0 } = step.usage ?? {};
  const thought = thought_tokens ? `, ${count(thought_tokens)} of them thought` : '';
  return (
    <p className="flex h-[34px] flex-none items-center gap-2 border-t border-line px-4 text-meta text-ink-3">
      <b className="font-bold text-ink-2">Usage</b>
      <code className="min-w-0 truncate">
        {[step.usage && `${count(input_tokens)} in · ${count(output_tokens)} out${thought}`, cost && money(cost)].filter(Boolean).join(' · ')}
      </code>
    </p>
  );
}
