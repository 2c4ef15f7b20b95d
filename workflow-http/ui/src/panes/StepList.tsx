// The list of steps in the order of the workflow, before and during a run.
import { memo, useEffect, useRef, useState } from 'react';
import { runOf, useChoiceActions, useSession } from '../session/session';
import { useConditions } from '../session/useConditions';
import { Icon } from '../parts/Icon';
import { stateWord } from '../parts/State';
import { useTook } from '../parts/useTook';
import { argsWords, saidWords } from '../run/agent';
import { isFolded, visibleSteps, type Folds } from '../run/fold';
import { idOf } from '../run/outline';
import { costOf, shortMoney } from '../run/cost';
import { queueWords } from '../run/log';
import { whyNot } from '../run/whyNot';
import { hasEnded, shownState, type Run, type Step } from '../run/run';
import { stepOf } from '../base/useKeys';
import { count, duration, moment, plural } from '../base/format';

interface RowsProps {
  run: Run;
  focused: string | undefined;
  chosen: string | undefined;
  folds: Folds;
  onChoose: (path: string) => void;
  onFold: (path: string, isFolded: boolean) => void;
}

export function StepList() {
  const run = useSession(runOf);
  const outline = useSession(({ text }) => text.check.outline);
  const chosen = useSession(({ choice }) => choice.chosen);
  const folds = useSession(({ choice }) => choice.folds);
  const { show, fold } = useChoiceActions();
  const isLoading = run !== null && run.order.length === 0;
  const box = useRef<HTMLElement>(null);
  /** The one row that the Tab key leads to; arrow keys lead to the others. */
  const [focused, setFocused] = useState<string>();
  useEffect(() => {
    keepInView(box.current);
    setFocused(chosen);
  }, [chosen]);
  return (
    <section aria-label="Steps" className="min-h-0 flex-1 border-line bg-panel py-1 max-desk:border-b desk:overflow-auto" ref={box}>
      {isLoading ? (
        <Bars />
      ) : (
        <ol className="trail" onKeyDown={moveAmong} onFocus={(event) => setFocused(event.target.closest<HTMLElement>('[data-path]')?.dataset.path)}>
          {run ? (
            <Rows run={run} focused={focused} chosen={chosen} folds={folds} onChoose={show} onFold={fold} />
          ) : (
            outline.map(({ id, path, depth, type, needs }, index) => (
              <DraftRow key={`${index} ${path}`} id={id} depth={depth} type={type} follows={isOnly(needs, outline[index - 1]?.path)} />
            ))
          )}
        </ol>
      )}
    </section>
  );
}

function Rows({ run, focused, chosen, folds, onChoose, onFold }: RowsProps) {
  const isOver = hasEnded(run);
  const conditionOf = useConditions();
  const paths = visibleSteps(run, folds, chosen);
  const isMany = paths.length > MANY;
  const entry = focused !== undefined && paths.includes(focused) ? focused : (chosen ?? paths[0]);
  return paths.map((path, index) => {
    const step = run.steps.get(path)!;
    return (
      <StepRow
        key={path}
        step={step}
        follows={isOnly(step.needs, paths[index - 1])}
        isOver={isOver}
        when={step.state === 'skipped' ? conditionOf(step.written) : undefined}
        isChosen={path === chosen}
        isEntry={path === entry}
        isFolded={isFolded(folds, step)}
        isAside={isMany && step.depth > 0}
        onChoose={onChoose}
        onFold={onFold}
      />
    );
  });
}

/** Of more rows than this, those inside containers are laid out only when visible. */
const MANY = 200;

const isOnly = (needs: string[], above: string | undefined): boolean => needs.length === 1 && needs[0] === above;

/** Scrolls the list, but no ancestor, to the selected step. */
function keepInView(box: HTMLElement | null): void {
  const row = box?.querySelector('[aria-current]');
  if (!box || !row) return;
  const [outer, inner] = [box.getBoundingClientRect(), row.getBoundingClientRect()];
  if (inner.top < outer.top) box.scrollTop -= outer.top - inner.top;
  else if (inner.bottom > outer.bottom) box.scrollTop += inner.bottom - outer.bottom;
}

/** Up and down go from row to row, right and left unfold and fold. */
function moveAmong(event: React.KeyboardEvent<HTMLElement>): void {
  const here = (event.target as Element).closest('button');
  if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const fold = here.closest('li')?.querySelector<HTMLElement>('[aria-expanded]');
  const step = stepOf(event.key);
  if (step) buttons[buttons.indexOf(here) + step]?.focus();
  else if (fold && event.key === (fold.ariaExpanded === 'true' ? 'ArrowLeft' : 'ArrowRight')) fold.click();
  else return;
  event.preventDefault();
}

const ROW = 'row relative grid min-h-12 w-full grid-cols-[20px_minmax(0,1fr)_auto] items-center gap-x-[9px] py-1.5 pr-3.5 text-left';
const DOT = 'relative z-2 grid h-5 w-5 place-items-center rounded-full text-state';

const inside = (depth: number) => (depth > 0 ? { 'data-depth': depth, style: { '--depth': depth } as React.CSSProperties } : {});

function DraftRow({ id, depth, type, follows }: { id: string; depth: number; type: string; follows: boolean }) {
  return (
    <li className="relative" data-state="pending" data-follows={follows || undefined} {...inside(depth)}>
      <div className={ROW}>
        <span className={`${DOT} bg-panel`}>
          <Icon name="pending" />
        </span>
        <span className="min-w-0">
          <Name id={id} />
          <span className="block truncate text-meta text-ink-3">{type}</span>
        </span>
      </div>
    </li>
  );
}

interface RowProps {
  step: Step;
  /** It needs the step above it, and nothing else. */
  follows: boolean;
  isOver: boolean;
  /** Its condition, if it was skipped and the condition is known. */
  when: string | undefined;
  isChosen: boolean;
  /** The Tab key leads to it. */
  isEntry: boolean;
  isFolded: boolean;
  /** One of so many that it is laid out only in sight. */
  isAside: boolean;
  onChoose: (path: string) => void;
  onFold: (path: string, isFolded: boolean) => void;
}

const StepRow = memo(function StepRow({ step, follows, isOver, when, isChosen, isEntry, isFolded, isAside, onChoose, onFold }: RowProps) {
  const state = shownState(step);
  return (
    <li
      className={`relative ${isAside ? 'aside' : ''}`}
      data-path={step.path}
      data-state={state}
      data-handled={step.handled || undefined}
      data-follows={follows || undefined}
      {...inside(step.depth)}
    >
      <button
        type="button"
        aria-current={isChosen ? 'step' : undefined}
        tabIndex={isEntry ? 0 : -1}
        onClick={() => onChoose(step.path)}
        className={`${ROW} ${isChosen ? 'chosen bg-raised' : 'hover:bg-raised'}`}
      >
        <span className={`${DOT} ${isChosen ? 'bg-raised' : 'bg-panel'}`}>
          <Icon name={state} />
        </span>
        <span className="min-w-0">
          <Name id={step.node} turn={step.turn} />
          <span className="block truncate text-meta text-ink-3">
            <b className={`font-strong ${state === 'completed' ? 'text-ink-2' : 'text-state'}`}>{wordOf(step, isOver)}</b>
            {factsOf(step, isOver, when).map((fact) => ` · ${fact}`)}
            {step.attempt > 1 && <span className="text-retry"> · try {step.maxAttempts ? `${step.attempt}/${step.maxAttempts}` : step.attempt}</span>}
          </span>
        </span>
        <span className="text-right">
          <Took step={step} />
          <code className="block text-micro text-ink-3">
            {[tokensOf(step), step.spent?.usd !== undefined && shortMoney(costOf(step.spent)!)].filter(Boolean).join(' · ')}
          </code>
        </span>
      </button>
      {step.inner > 0 && <Fold step={step} isFolded={isFolded} onFold={onFold} />}
    </li>
  );
});

function Fold({ step, isFolded, onFold }: Pick<RowProps, 'step' | 'isFolded' | 'onFold'>) {
  return (
    <button
      type="button"
      aria-expanded={!isFolded}
      aria-label={`${plural(step.inner, 'inner step')} of ${step.path}`}
      tabIndex={-1}
      onClick={() => onFold(step.path, !isFolded)}
      className="row flex h-9 w-full items-center gap-x-[9px] pr-3.5 text-meta text-ink-2 hover:bg-raised desk:h-7"
    >
      <span className="grid w-5 flex-none place-items-center">
        <Icon name="chev" size={14} className={isFolded ? '' : 'rotate-90'} />
      </span>
      {plural(step.inner, 'inner step')}
      {step.done !== undefined && (
        <span className="h-1 max-w-40 flex-1 overflow-hidden rounded-bar bg-raised">
          <i className="block h-full bg-ok" style={{ width: `${step.done * 100}%` }} />
        </span>
      )}
    </button>
  );
}

function Name({ id, turn }: { id: string; turn?: string }) {
  return (
    <span className="block font-code wrap-anywhere text-[13.5px] leading-[18px] font-bold">
      {turn && <span className="text-meta font-normal text-ink-2">{turn} </span>}
      {id}
    </span>
  );
}

function Took({ step }: { step: Step }) {
  const took = useTook(step);
  return took === undefined ? null : <time className="text-meta text-ink-2">{duration(took)}</time>;
}

const wordOf = (step: Step, isOver: boolean): string => (step.state === 'pending' && isOver ? 'Not reached' : stateWord(shownState(step)));

const HELD = { effect: 'held: it may act', budget: 'the budget is used up', approval: 'the call is to be approved' };

function factsOf(step: Step, isOver: boolean, when: string | undefined): string[] {
  if (step.state === 'skipped' || step.state === 'cancelled') {
    const reason = whyNot(step, when);
    return reason ? [lower(reason).replace(/\.$/, '').replaceAll('`', '')] : [step.type];
  }
  if (step.state === 'failed')
    return [step.error?.code ?? step.type, ...(step.handled ? [step.callIndex === undefined ? 'the workflow continued' : 'the model was told'] : [])];
  if (step.state === 'waiting' && step.wait?.kind) return [HELD[step.wait.kind]];
  if (step.state === 'waiting') return step.wait?.expiresAt ? [`answer by ${at(step.wait.expiresAt, step)}`] : ['waits for you'];
  if (step.queue) return [lower(queueWords(step.queue))];
  if (step.state === 'completed' && (step.isReused || step.isSet)) return [step.type, step.isReused ? 'reused' : 'set'];
  if (step.state === 'completed' && step.isTruncated) return [step.type, 'cut off at the token limit'];
  if (step.state === 'delayed') return step.wait?.resumesAt ? [`resumes at ${at(step.wait.resumesAt, step)}`] : [step.type];
  if (step.state === 'pending' && !isOver && step.needs.length > 0) return [step.type, `after ${step.needs.map(idOf).join(', ')}`];
  if (step.said) return [saidWords(step.said)];
  if (step.call) return [argsWords(step.call.args) || step.type];
  return [step.type, ...(step.progress ? [step.progress] : [])].filter(Boolean);
}

const lower = (sentence: string): string => sentence.charAt(0).toLowerCase() + sentence.slice(1);

const at = (time: string, { wait }: Step): string => moment(time, Date.parse(wait!.since));

function tokensOf({ usage, text }: Step): string {
  if (usage?.output_tokens) return plural(usage.output_tokens, 'token');
  return text ? `${count(text.length)} chars` : '';
}

/** The place of the steps while they load. */
function Bars() {
  return (
    <div className="grid animate-[appear_1ms_300ms_both] gap-3 px-3.5 py-3" aria-hidden="true">
      <div className="h-6 w-3/5 rounded-bar bg-raised" />
      <div className="h-6 w-2/5 rounded-bar bg-raised" />
    </div>
  );
}
