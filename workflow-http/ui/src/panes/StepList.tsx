// The steps, in the order of the workflow: before a run as the text describes them, then as they go.
import { memo, useEffect, useRef } from 'react';
import type { Outline } from '../editor/useCheck';
import { Icon } from '../parts/Icon';
import { stateWord } from '../parts/State';
import { useNow } from '../parts/useNow';
import { reasonOf } from '../run/log';
import { hasEnded, isSettled, type Run, type Step } from '../run/run';
import { count, duration, plural } from '../words';

interface Props {
  run: Run | null;
  outline: Outline[];
  chosen: string | undefined;
  onChoose: (path: string) => void;
}

export function StepList({ run, outline, chosen, onChoose }: Props) {
  const isLoading = run !== null && run.order.length === 0;
  const box = useRef<HTMLElement>(null);
  useEffect(() => keepInView(box.current), [chosen]);
  return (
    <section aria-label="Steps" className="max-h-[40vh] flex-none overflow-auto border-b border-line py-1 max-desk:max-h-none" tabIndex={-1} id="steps" ref={box}>
      {isLoading ? (
        <Bars />
      ) : (
        <ol className="trail">
          {run
            ? run.order.map((path, index) => (
                <StepRow
                  key={path}
                  step={run.steps[path]!}
                  follows={isOnly(run.steps[path]!.needs, run.order[index - 1])}
                  isOver={hasEnded(run)}
                  isChosen={path === chosen}
                  onChoose={onChoose}
                />
              ))
            : outline.map(({ id, type, needs }, index) => (
                <DraftRow key={`${index} ${id}`} id={id} type={type} follows={isOnly(needs, outline[index - 1]?.id)} />
              ))}
        </ol>
      )}
    </section>
  );
}

const isOnly = (needs: string[], above: string | undefined): boolean => needs.length === 1 && needs[0] === above;

/** Scrolls the list, and nothing around it, until the chosen step is seen. */
function keepInView(box: HTMLElement | null): void {
  const row = box?.querySelector('[aria-current]');
  if (!box || !row) return;
  const [outer, inner] = [box.getBoundingClientRect(), row.getBoundingClientRect()];
  if (inner.top < outer.top) box.scrollTop -= outer.top - inner.top;
  else if (inner.bottom > outer.bottom) box.scrollTop += inner.bottom - outer.bottom;
}

const ROW = 'relative grid min-h-12 w-full grid-cols-[20px_minmax(0,1fr)_auto] items-center gap-x-[9px] py-1.5 pr-3.5 pl-3.5 text-left';
const DOT = 'relative z-2 grid h-5 w-5 place-items-center rounded-full text-state';

function DraftRow({ id, type, follows }: { id: string; type: string; follows: boolean }) {
  return (
    <li className="relative" data-state="pending" data-follows={follows || undefined}>
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
  isChosen: boolean;
  onChoose: (path: string) => void;
}

const StepRow = memo(function StepRow({ step, follows, isOver, isChosen, onChoose }: RowProps) {
  const depth = step.path.split('/').length >> 1;
  return (
    <li className="relative" data-state={step.state} data-handled={step.handled || undefined} data-follows={follows || undefined}>
      <button
        type="button"
        aria-current={isChosen ? 'step' : undefined}
        onClick={() => onChoose(step.path)}
        className={`${ROW} ${isChosen ? 'chosen bg-raised' : 'hover:bg-raised'}`}
      >
        <span className={`${DOT} ${isChosen ? 'bg-raised' : 'bg-panel'}`}>
          <Icon name={step.state} />
        </span>
        <span className="min-w-0" style={{ paddingLeft: depth * 16 }}>
          <Name id={step.node} prefix={step.path.slice(0, -step.node.length)} />
          <span className="block truncate text-meta text-ink-3">
            <b className={`font-strong ${step.state === 'completed' ? 'text-ink-2' : 'text-state'}`}>{wordOf(step, isOver)}</b>
            {factsOf(step, isOver).map((fact) => ` · ${fact}`)}
            {step.attempt > 1 && <span className="text-retry"> · try {step.maxAttempts ? `${step.attempt}/${step.maxAttempts}` : step.attempt}</span>}
          </span>
        </span>
        <span className="text-right">
          <Took step={step} />
          <code className="block text-micro text-ink-3">{tokensOf(step)}</code>
        </span>
      </button>
    </li>
  );
});

function Name({ id, prefix = '' }: { id: string; prefix?: string }) {
  return (
    <span className="block truncate font-code text-[13.5px] leading-[18px] font-bold">
      <span className="font-normal text-ink-3">{prefix}</span>
      {id}
    </span>
  );
}

function Took({ step }: { step: Step }) {
  const isGoing = step.startedAt !== undefined && !isSettled(step.state);
  const now = useNow(isGoing);
  if (step.startedAt === undefined) return null;
  const end = step.endedAt === undefined ? now : Date.parse(step.endedAt);
  return <time className="text-meta text-ink-2">{duration(end - Date.parse(step.startedAt))}</time>;
}

const wordOf = (step: Step, isOver: boolean): string =>
  step.state === 'pending' && isOver ? 'Not reached' : stateWord(step.state);

function factsOf(step: Step, isOver: boolean): string[] {
  if (step.state === 'skipped' || step.state === 'cancelled') {
    const reason = reasonOf(step.state, step.reason);
    return reason ? [reason.charAt(0).toLowerCase() + reason.slice(1).replace(/\.$/, '')] : [step.type];
  }
  if (step.state === 'failed') return [step.error?.code ?? step.type, ...(step.handled ? ['the workflow went on'] : [])];
  if (step.state === 'pending' && !isOver && step.needs.length > 0) return [step.type, `after ${step.needs.join(', ')}`];
  return [step.type, ...(step.progress ? [step.progress] : [])].filter(Boolean);
}

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
