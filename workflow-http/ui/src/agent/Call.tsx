// One call of a tool: which tool with which arguments, who approved it, what it ran, and its result.
import { useId, useState } from 'react';
import type { ToolCall } from '../api/types';
import { duration } from '../base/format';
import { LINK } from '../parts/Button';
import { Sentence } from '../parts/CodeText';
import { Icon } from '../parts/Icon';
import { StateWord, stateWord } from '../parts/State';
import { useTook } from '../parts/useTook';
import { argsWords, short } from '../run/agent';
import { costOfStep, isSettled, shownState, type Run, type Step } from '../run/run';
import { shortMoney } from '../run/cost';
import { useChoiceActions } from '../session/session';
import { CallParts } from './CallParts';
import { callWord, resultWords } from './gist';
import { Turns } from './Turns';

interface Props {
  run: Run;
  call: ToolCall;
  /** Once it has begun. */
  step: Step | undefined;
  onTooLate: (words: string) => void;
}

export function Call({ run, call, step, onTooLate }: Props) {
  const id = useId();
  const [opened, setOpened] = useState<boolean>();
  const inner = step ? childrenOf(run, step) : [];
  const isWaiting = step?.state === 'waiting';
  const isOpen = opened ?? (isWaiting || inner.some(({ repeats, state }) => repeats === 'turn' && !isSettled(state)));
  const state = step ? shownState(step) : 'pending';
  const cost = step && costOfStep(run, step);
  const args = argsWords(call.args);
  const result = resultWords(step);
  return (
    <li data-state={state} data-handled={step?.handled || undefined} className="min-w-0 rounded-card border border-line bg-card">
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        className="grid min-h-9 w-full grid-cols-[14px_16px_minmax(0,1fr)_auto] items-center gap-x-2 rounded-card px-2.5 py-1.5 text-left text-meta hover:bg-raised"
        onClick={() => setOpened(!isOpen)}
      >
        <Icon name="chev" size={14} className={isOpen ? 'rotate-90' : ''} />
        <Icon name="tool" size={14} className="text-ink-2" />
        <code className="truncate font-bold text-ink">{short(call.tool)}</code>
        <span className="flex items-center gap-2">
          {cost && <code className="text-micro text-ink-2">{shortMoney(cost)}</code>}
          {step && <Took step={step} />}
          <StateWord state={state} word={(step && callWord(step)) ?? stateWord(state)} />
        </span>
        {!isOpen &&
          [args, result].map(
            (line) =>
              line !== '' && (
                <span key={line} className="col-start-3 col-end-5 truncate text-ink-2">
                  {line}
                </span>
              ),
          )}
      </button>
      {isOpen && (
        <div id={id} className="grid min-w-0 gap-2 border-t border-line px-2.5 pt-2 pb-2.5">
          <CallParts run={run} call={call} step={step} onTooLate={onTooLate} isInside />
          {inner.length > 0 && <Inner steps={inner} onTooLate={onTooLate} />}
          {step && <Whole path={step.path} />}
        </div>
      )}
    </li>
  );
}

const childrenOf = (run: Run, { path, inner }: Step): Step[] => {
  const from = run.order.indexOf(path) + 1;
  return inner === 0 ? [] : run.order.slice(from, from + inner).flatMap((other) => (run.steps.get(other)!.container === path ? [run.steps.get(other)!] : []));
};

/** What the call ran: an agent with its turns, of other steps their state. */
function Inner({ steps, onTooLate }: { steps: Step[]; onTooLate: Props['onTooLate'] }) {
  const { choose } = useChoiceActions();
  return (
    <ul aria-label="Steps of the call" className="grid min-w-0 gap-1">
      {steps.map((step) =>
        step.repeats === 'turn' ? (
          <li key={step.path} className="min-w-0">
            <Turns path={step.path} isInside onTooLate={onTooLate} />
          </li>
        ) : (
          <li key={step.path} className="flex min-h-6 min-w-0 items-center gap-2 text-meta">
            <button type="button" className={`min-w-0 truncate font-code ${LINK}`} onClick={() => choose(step.path)}>
              {step.node}
            </button>
            <span className="flex-1 truncate text-fail">{step.error && <Sentence text={step.error.detail} />}</span>
            <Took step={step} />
            <StateWord state={shownState(step)} word={stateWord(shownState(step))} />
          </li>
        ),
      )}
    </ul>
  );
}

function Whole({ path }: { path: string }) {
  const { choose } = useChoiceActions();
  return (
    <button type="button" className={`justify-self-start text-meta ${LINK}`} onClick={() => choose(path)}>
      Go to step <code>{path}</code>
    </button>
  );
}

function Took({ step }: { step: Step }) {
  const took = useTook(step);
  return took === undefined ? null : <time className="flex-none text-micro text-ink-2">{duration(took)}</time>;
}
