// A node as a card: its type, its state and, while a model writes, the last words.
import { memo, useEffect, useRef, type ReactNode } from 'react';
import { serverNow } from '../api/clock';
import { TOOL_CALL } from '../api/nodeTypes';
import { Icon, iconOf } from '../parts/Icon';
import { stateWord } from '../parts/State';
import { useTook } from '../parts/useTook';
import { costOf, shortMoney } from '../run/cost';
import { queueWords } from '../run/log';
import { hasEnded, type Step, type StepState } from '../run/run';
import { duration, plural } from '../base/format';
import { useActs } from './acts';
import type { Card } from './drawing';
import { factOf, verdictOf, whisperOf } from './facts';
import { callsIn, isChosen, pathIn, stateOf, stepOf, useScene } from './scene';

export interface CardProps {
  card: Card;
  /** Where the card begins, below its condition. */
  top: number;
}

export const StepCard = memo(function StepCard({ card, top }: CardProps) {
  const step = useScene((scene) => stepOf(scene, card.path));
  const faults = useScene((scene) => scene.faults.get(card.path));
  const isOver = useScene(({ run }) => run !== null && hasEnded(run));
  const known = useScene((scene) => stateOf(scene, card.path));
  const state = faults ? 'failed' : known;
  const whisper = whisperOf(step);
  return (
    <div data-state={state} data-handled={step?.handled || undefined} className="relative h-full">
      <When card={card} step={step} />
      <Face
        card={card}
        top={top}
        state={state}
        word={faults ? plural(faults.length, 'fault') : known === 'pending' && isOver ? 'Not reached' : step?.queue && queueWords(step.queue)}
        isClosed={card.inner.length > 0}
      >
        <span className="relative flex items-center gap-1.5">
          {card.inner.length > 0 && <Toggle card={card} isOpen={false} />}
          <Icon name={iconOf(card.icon)} className="text-ink-2" />
          <Id id={card.id} />
          <Calls card={card} />
          {faults ? (
            <Fault count={faults.length} />
          ) : (
            known && <CardState state={known} word={known === 'pending' && isOver ? 'Not reached' : stateWord(known)} />
          )}
        </span>
        <span className="mt-[3px] flex gap-2 text-[11.5px] leading-4 whitespace-nowrap text-ink-3">
          {faults ? <span className="truncate">{faults.join(', ')}</span> : <Fact card={card} step={step} />}
        </span>
        {whisper !== undefined && (
          <span className="whisper">
            <bdi>{whisper}</bdi>
          </span>
        )}
      </Face>
    </div>
  );
});

interface FaceProps {
  card: Card;
  top: number;
  state: StepState | undefined;
  /** The state in a word, where it is not the usual one. */
  word?: string;
  isClosed?: boolean;
  children: ReactNode;
}

/** The card itself, and the button that it is. */
export function Face({ card, top, state, word, isClosed = false, children }: FaceProps) {
  const { choose } = useActs();
  const chosen = useScene((scene) => isChosen(scene, card.path, isClosed));
  const path = useScene((scene) => pathIn(scene, card.path) ?? card.path);
  const isNear = useScene(({ near }) => near.has(card.path));
  const isMatch = useScene(({ found }) => found?.has(card.path));
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // The arrow keys move the choice. The focus follows it when it was on a card, and stays in the search.
    const drawing = button.current?.closest('.canvas');
    if (chosen && drawing?.contains(document.activeElement)) button.current?.focus({ preventScroll: true });
  }, [chosen]);
  return (
    <div className="card" data-chosen={chosen || undefined} data-near={isNear || undefined} data-match={isMatch} style={{ top }}>
      <i className="rail" />
      <button
        ref={button}
        type="button"
        className="absolute inset-0 rounded-card"
        aria-label={state ? `${card.id}, ${word ?? stateWord(state)}` : card.id}
        aria-current={chosen ? 'step' : undefined}
        tabIndex={chosen ? 0 : -1}
        data-card={card.path}
        onClick={() => choose(path)}
      />
      {children}
    </div>
  );
}

/** The condition of a card, and what became of it. */
export function When({ card, step }: { card: Card; step: Step | undefined }) {
  if (card.when === undefined) return null;
  const verdict = verdictOf(step);
  return (
    <span className="when" data-verdict={verdict} title={card.when}>
      <span className="truncate">{card.when}</span>
      {verdict !== undefined && <b>{String(verdict)}</b>}
    </span>
  );
}

export function Id({ id }: { id: string }) {
  return <span className="card-id truncate font-code text-base leading-[18px] font-bold">{id}</span>;
}

/** How often a tool was called, where that is more than once. */
export function Calls({ card: { path, type } }: { card: Card }) {
  const calls = useScene((scene) => (type === TOOL_CALL ? callsIn(scene, path) : 0));
  return calls > 1 ? (
    <span className="flex-none text-meta text-ink-3" title={plural(calls, 'call')}>
      ×{calls}
    </span>
  ) : null;
}

export function Toggle({ card, isOpen }: { card: Card; isOpen: boolean }) {
  const { open } = useActs();
  return (
    <button
      type="button"
      className="relative z-1 -my-1 -ml-1 grid size-6 flex-none place-items-center rounded-ctl text-ink-2 hover:bg-raised"
      aria-expanded={isOpen}
      aria-label={`${plural(card.inner.length, 'step')} in ${card.id}`}
      tabIndex={-1}
      onClick={() => open(card.path, !isOpen)}
    >
      <Icon name="chev" size={14} className={isOpen ? 'rotate-90' : ''} />
    </button>
  );
}

export function CardState({ state, word = stateWord(state) }: { state: StepState; word?: string }) {
  return (
    <span className="ml-auto inline-flex flex-none items-center gap-[5px] text-meta font-strong text-state">
      <Icon name={state} size={14} />
      <span className={state === 'completed' ? 'text-ink-2' : ''}>{word}</span>
    </span>
  );
}

function Fault({ count }: { count: number }) {
  return (
    <span className="ml-auto inline-flex flex-none items-center gap-[5px] text-meta font-strong text-fail">
      <Icon name="failed" size={14} />
      {plural(count, 'fault')}
    </span>
  );
}

function Fact({ card, step }: { card: Card; step: Step | undefined }) {
  return (
    <>
      <span className="flex-1 truncate" dir="auto">
        {factOf(card, step, serverNow())}
      </span>
      {step && step.attempt > 1 && (
        <code className="text-micro text-retry">
          try {step.attempt}
          {step.maxAttempts ? `/${step.maxAttempts}` : ''}
        </code>
      )}
      {step?.spent?.usd !== undefined && <code className="text-micro text-ink-2">{shortMoney(costOf(step.spent)!)}</code>}
      {step && <Took step={step} />}
    </>
  );
}

export function Took({ step }: { step: Step }) {
  const all = useTook(step);
  // The position in the queue takes the space; the inspector shows the time.
  const took = step.state === 'skipped' || step.state === 'queued' ? undefined : all;
  return took === undefined ? null : <time className="text-micro text-ink-2">{duration(took)}</time>;
}
