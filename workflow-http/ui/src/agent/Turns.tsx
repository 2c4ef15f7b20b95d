// The turns of an agent as they happen: what the model said, and the calls that it asked for.
import { useId, useState } from 'react';
import { duration, plural } from '../base/format';
import { LINK } from '../parts/Button';
import { Icon } from '../parts/Icon';
import { ModelText } from '../parts/ModelText';
import { StateWord } from '../parts/State';
import { useTook } from '../parts/useTook';
import { agentTurnsOf, type AgentTurn } from '../run/agent';
import { costOfInside, isSettled, type Run, type Step, type StepState } from '../run/run';
import { shortMoney } from '../run/cost';
import { turnsOf } from '../run/turns';
import { runOf, useChoiceActions, useSession } from '../session/session';
import { Call } from './Call';
import { gistOf } from './gist';

interface Props {
  /** Of the agent. */
  path: string;
  /** Inside a call of another agent. */
  isInside?: boolean;
  onTooLate: (words: string) => void;
}

/** Of more turns the first are folded away. */
const MOST = 30;

export function Turns({ path, isInside = false, onTooLate }: Props) {
  const run = useSession(runOf);
  const [opened, setOpened] = useState<ReadonlyMap<number, boolean>>(new Map());
  const [isAll, setAll] = useState(false);
  const agent = run?.steps.get(path);
  if (!run || !agent) return null;
  const turns = agentTurnsOf(run, agent);
  if (turns.length === 0) return null;
  const states = new Map(turnsOf(run, path).map(({ index, state }) => [index, state]));
  const shown = isAll ? turns : turns.slice(-MOST);
  const newest = turns.at(-1)!.index;
  return (
    <section aria-label={isInside ? `Turns of ${agent.node}` : 'Turns'} className={isInside ? '' : 'border-t border-line px-4 pb-4'}>
      <h3 className="flex h-[34px] items-center gap-2 text-meta font-bold text-ink-2">
        {isInside ? (
          <>
            <Icon name="agent" size={14} />
            <code>{agent.node}</code>
          </>
        ) : (
          'Turns'
        )}
        <span className="font-normal text-ink-3">{agent.progress}</span>
      </h3>
      {shown.length < turns.length && (
        <button type="button" className={`mb-2 text-meta ${LINK}`} onClick={() => setAll(true)}>
          Show {plural(turns.length - shown.length, 'earlier turn')}
        </button>
      )}
      <ol className="grid gap-1.5">
        {shown.map((turn) => {
          const state = states.get(turn.index) ?? 'running';
          return (
            <Turn
              key={turn.index}
              run={run}
              agent={path}
              turn={turn}
              state={state}
              isOpen={opened.get(turn.index) ?? (turn.index === newest || state === 'waiting')}
              onOpen={(isOpen) => setOpened(new Map(opened).set(turn.index, isOpen))}
              onTooLate={onTooLate}
            />
          );
        })}
      </ol>
    </section>
  );
}

interface TurnProps extends Pick<Props, 'onTooLate'> {
  run: Run;
  agent: string;
  turn: AgentTurn;
  state: StepState;
  isOpen: boolean;
  onOpen: (isOpen: boolean) => void;
}

function Turn({ run, agent, turn, state, isOpen, onOpen, onTooLate }: TurnProps) {
  const id = useId();
  const cost = costOfInside(run, `${agent}/${turn.index}/`);
  const gist = gistOf(turn);
  return (
    <li data-state={state} className="min-w-0">
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        className="flex min-h-9 w-full items-center gap-2 rounded-ctl px-1 text-left text-meta hover:bg-raised desk:min-h-7"
        onClick={() => onOpen(!isOpen)}
      >
        <Icon name="chev" size={14} className={`flex-none ${isOpen ? 'rotate-90' : ''}`} />
        <b className="flex-none font-bold text-ink-2">Turn {turn.index + 1}</b>
        <span className="min-w-0 flex-1 truncate text-ink-3">{!isOpen && gist}</span>
        {cost && <code className="flex-none text-micro text-ink-2">{shortMoney(cost)}</code>}
        <StateWord state={state} />
      </button>
      {isOpen && (
        <div id={id} className="ml-2 grid min-w-0 gap-2 border-l-2 border-line-2 py-1 pl-3">
          <Said turn={turn} />
          <Calls run={run} turn={turn} onTooLate={onTooLate} />
        </div>
      )}
    </li>
  );
}

/** What the model said, live. */
function Said({ turn: { step, said } }: { turn: AgentTurn }) {
  const { choose } = useChoiceActions();
  if (!step) return null;
  const isLive = step.state === 'running' && step.text !== '';
  const answer = typeof said.output === 'string' ? said.output : undefined;
  const text = isSettled(step.state) ? (said.text ?? answer ?? '') : step.text;
  return (
    <div className="min-w-0">
      <div className="flex items-center gap-2 text-meta text-ink-3">
        <button type="button" className={LINK} onClick={() => choose(step.path)}>
          Model
        </button>
        <Facts step={step} />
      </div>
      {text !== '' && (
        <div className="mt-1 wrap-anywhere">
          <ModelText key={step.attempt} text={text} isLive={isLive} />
        </div>
      )}
      <Note step={step} />
      {said.needs_finish && <p className="text-ink-2">The next turn gives the answer its form.</p>}
      {said.output !== undefined && said.output !== text && <p className="text-ink-2">Gave the answer of the agent.</p>}
    </div>
  );
}

function Facts({ step }: { step: Step }) {
  const took = useTook(step);
  const facts = [
    step.model,
    took === undefined ? '' : duration(took),
    step.attempt > 1 ? `try ${step.attempt}${step.maxAttempts ? `/${step.maxAttempts}` : ''}` : '',
  ];
  return <span className="truncate">{facts.filter(Boolean).join(' · ')}</span>;
}

/** Why there is no text. */
function Note({ step }: { step: Step }) {
  const error = step.error ?? (step.state === 'retrying' ? step.attempts.at(-1)?.error : undefined);
  if (error)
    return (
      <p className="wrap-anywhere text-state" data-state={step.state}>
        {error.detail}
      </p>
    );
  if (step.state !== 'running' || step.text !== '') return null;
  return (
    <p className="text-ink-2">
      {step.thought === '' ? 'Asked the model.' : 'The model thinks.'} <i className="caret animate-none" />
    </p>
  );
}

/** Of more calls the first are shown. */
const FEW = 20;

function Calls({ run, turn, onTooLate }: Pick<TurnProps, 'run' | 'turn' | 'onTooLate'>) {
  const [isAll, setAll] = useState(false);
  const { calls } = turn;
  if (calls.length === 0) return null;
  const shown = isAll ? calls : calls.filter(({ step }, index) => index < FEW || step?.state === 'waiting');
  return (
    <>
      <ol aria-label={`Calls of turn ${turn.index + 1}`} className="grid min-w-0 gap-1.5">
        {shown.map(({ call, step }, index) => (
          <Call key={step?.path ?? index} run={run} call={call} step={step} onTooLate={onTooLate} />
        ))}
      </ol>
      {shown.length < calls.length && (
        <button type="button" className={`justify-self-start text-meta ${LINK}`} onClick={() => setAll(true)}>
          Show all {plural(calls.length, 'call')}
        </button>
      )}
    </>
  );
}
