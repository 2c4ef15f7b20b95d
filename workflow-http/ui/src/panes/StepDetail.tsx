// One step: what it says, what it gave, or why it did not.
import type { ReactNode } from 'react';
import { serverNow } from '../api/clock';
import { Button } from '../parts/Button';
import { Coded, Sentence } from '../parts/Coded';
import { Copy } from '../parts/Copy';
import { ErrorCard } from '../parts/ErrorCard';
import { Icon, iconOfType } from '../parts/Icon';
import { Pre, Section } from '../parts/Section';
import { Spoken } from '../parts/Spoken';
import { StateChip, turnWord } from '../parts/State';
import { useFollow } from '../parts/useFollow';
import { useNow } from '../parts/useNow';
import { reasonOf } from '../run/log';
import type { Step } from '../run/run';
import { asText, count, duration, moment, plural } from '../words';
import { AnswerForm } from './AnswerForm';
import { Ask } from './Ask';

interface Props {
  runId: string;
  step: Step;
  isOver: boolean;
  onTooLate: (words: string) => void;
}

export function StepDetail({ runId, step, isOver, onTooLate }: Props) {
  const word = step.state === 'pending' && isOver ? 'Not reached' : step.handled ? 'Failed, handled' : turnWord(step.state);
  return (
    <article aria-label={`Step ${step.path}`}>
      <header className="grid gap-1.5 px-4 pt-3 pb-2.5">
        <div className="flex items-center gap-2">
          <Icon name={iconOfType(step.type)} className="text-ink-2" />
          <h2 className="flex-1 font-code text-[15px] leading-5 font-bold wrap-anywhere">
            <span className="text-meta font-normal text-ink-3">{step.path.slice(0, -step.node.length)}</span>
            {step.node}
          </h2>
          <StateChip state={step.state} word={word} handled={step.handled} />
        </div>
        <Facts step={step} />
      </header>
      {step.error && step.state === 'failed' && <Failure step={step} />}
      {step.state === 'waiting' && <Ask message={step.wait?.message ?? ''} />}
      {step.state === 'waiting' && step.wait && <AnswerForm key={step.wait.id} runId={runId} wait={step.wait} onTooLate={onTooLate} />}
      <Quiet step={step} isOver={isOver} />
      <Words step={step} />
      <Result step={step} />
      {step.thought && (
        <Section title="Thoughts" fact={step.usage?.thought_tokens ? plural(step.usage.thought_tokens, 'token') : `${count(step.thought.length)} characters`}>
          <p className="spoken text-ink-2">{step.thought}</p>
        </Section>
      )}
      {step.attempts.length > 1 && <Retries step={step} />}
      {step.usage && <Used step={step} />}
    </article>
  );
}

function Facts({ step }: { step: Step }) {
  const now = serverNow();
  const facts: [string, string | undefined][] = [
    ['type', step.type],
    ['asked', step.state === 'waiting' && step.wait ? moment(step.wait.since, now) : undefined],
    ['answer by', step.state === 'waiting' && step.wait?.expiresAt ? moment(step.wait.expiresAt, now) : undefined],
    ['in', step.turn],
    ['model', step.model],
    ['attempt', step.maxAttempts && step.maxAttempts > 1 ? `${step.attempt} of ${step.maxAttempts}` : undefined],
    ['done', step.state === 'running' || step.state === 'completed' ? step.progress : undefined],
    ['took', step.durationMs === undefined ? undefined : duration(step.durationMs)],
    ['ended by', step.finishReason && step.finishReason.toLowerCase() !== 'stop' ? step.finishReason : undefined],
  ];
  return (
    <p className="flex flex-wrap gap-x-3.5 gap-y-0.5 text-meta text-ink-3">
      {facts.map(([name, value]) => value && (
        <span key={name}>
          {name} <code className="text-ink">{value}</code>
        </span>
      ))}
    </p>
  );
}

function Failure({ step }: { step: Step }) {
  const attempts = step.attempts.length;
  const retried = attempts > 1 ? `Tried ${attempts} times.` : 'Not retried.';
  return (
    <>
      <ErrorCard problem={step.error!} />
      <p className="px-4 pb-3 text-ink-2">
        {retried}
        {step.handled && ' The workflow handles this failure and went on.'}
      </p>
    </>
  );
}

/** States in which nothing is to be seen yet, or any more, are explained. */
function Quiet({ step, isOver }: { step: Step; isOver: boolean }) {
  const words = quietWords(step, isOver);
  return words && <p className="px-4 pb-3 text-ink-2">{words}</p>;
}

function quietWords(step: Step, isOver: boolean): ReactNode {
  const last = step.attempts.findLast((attempt) => attempt.error);
  switch (step.state) {
    case 'pending':
      if (isOver) return 'The run ended before this step could start.';
      return step.needs.length === 0 ? 'Starts at once.' : <Coded text={`Starts when ${step.needs.map((need) => `\`${need.slice(need.lastIndexOf('/') + 1)}\``).join(' and ')} is done.`} />;
    case 'running':
      if (step.text || step.thought) return null;
      if (step.progress) return null;
      return step.type === 'LLMNode' ? <>Asked the model. The first words come soon. <i className="caret animate-none" /></> : 'Working.';
    case 'retrying':
      return last?.error && <><Sentence text={last.error.detail} /> Next attempt in {duration(last.nextIn ?? 0)}.</>;
    case 'delayed':
      return <GoesOn step={step} />;
    case 'skipped':
    case 'cancelled':
      return reasonOf(step.state, step.reason);
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
      Goes on at <time dateTime={time}>{moment(time, now)}</time>
      {left > 0 && <>, in <time>{left < 60_000 ? `${Math.ceil(left / 1000)} s` : duration(left)}</time></>}.
    </>
  );
}

/** The model's text, as it comes and as it stays. */
function Words({ step }: { step: Step }) {
  const isLive = step.state === 'running' && step.text !== '';
  const text = wordsOf(step);
  const { content, isFollowing, follow } = useFollow(isLive, text);
  if (!text) return null;
  return (
    <section aria-label="Text" className="border-t border-line" ref={content}>
      <div className="flex h-[38px] items-center gap-1 pr-2.5 pl-4">
        <h3 className="flex-1 text-meta font-bold text-ink-2">Text</h3>
        {isLive && (
          <Button look="quiet" size="small" aria-pressed={isFollowing} onClick={follow}>
            <Icon name="pin" size={14} />
            {isFollowing ? 'Following' : 'Follow'}
          </Button>
        )}
        <Copy text={text} />
      </div>
      <div className="px-4 pb-5">
        <Spoken key={`${step.path} ${step.attempt}`} text={text} isLive={isLive} />
      </div>
    </section>
  );
}

/** What a model said is its output when that is text, else what was streamed. The output of a handled failure is not its. */
export function wordsOf(step: Step): string {
  if (step.type === 'LLMNode' && typeof step.output === 'string' && !step.handled) return step.output;
  return step.state === 'completed' ? '' : step.text;
}

function Result({ step }: { step: Step }) {
  if (step.output === undefined || wordsOf(step) === step.output) return null;
  const text = asText(step.output);
  return (
    <section aria-label="Output" className="border-t border-line px-4 pb-4">
      <div className="-mr-1.5 flex h-[38px] items-center">
        <h3 className="flex-1 text-meta font-bold text-ink-2">Output</h3>
        <Copy text={text} />
      </div>
      <Pre text={text} />
    </section>
  );
}

function Retries({ step }: { step: Step }) {
  return (
    <Section title="Attempts" fact={`${step.attempt}${step.maxAttempts ? ` of ${step.maxAttempts}` : ''}`} isOpen={step.state === 'retrying'}>
      <ol className="grid gap-2">
        {step.attempts.map(({ number, error, nextIn }) => error && (
          <li key={number} className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-2" data-state="retrying">
            <Icon name="retrying" size={14} className="mt-0.5 text-state" />
            <span className="wrap-anywhere">
              Attempt {number}: <Sentence text={error.detail} />{' '}
              <span className="text-ink-3">{error.code && <code>{error.code}</code>} {nextIn !== undefined && <>next after {duration(nextIn)}</>}</span>
            </span>
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Used({ step }: { step: Step }) {
  const { input_tokens = 0, output_tokens = 0, thought_tokens = 0 } = step.usage ?? {};
  const thought = thought_tokens ? `, ${count(thought_tokens)} of them thought` : '';
  return (
    <p className="flex h-[34px] items-center gap-2 border-t border-line px-4 text-meta text-ink-3">
      <b className="font-bold text-ink-2">Usage</b>
      <code>{`${count(input_tokens)} in · ${count(output_tokens)} out${thought}`}</code>
    </p>
  );
}
