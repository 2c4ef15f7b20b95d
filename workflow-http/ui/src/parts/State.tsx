// A state as icon, word and colour, always all three.
import type { RunStatus, StepState } from '../run/run';
import { Icon } from './Icon';

export type AnyState = StepState | RunStatus;

/** A step that waits for a time waits, too; its icon is a clock. */
export const stateWord = (state: AnyState): string => (state === 'delayed' ? 'Waiting' : state.charAt(0).toUpperCase() + state.slice(1));

/** The same where there is room to say whose turn it is. */
export const turnWord = (state: AnyState): string => (state === 'waiting' ? 'Waiting for you' : stateWord(state));

/** Plain. "Completed" is quiet ink beside a green tick, so a finished page is calm. */
export function StateWord({ state, word = turnWord(state) }: { state: AnyState; word?: string }) {
  return (
    <span data-state={state} className="inline-flex items-center gap-[5px] text-meta font-strong whitespace-nowrap text-state">
      <Icon name={state} size={14} />
      <span className={state === 'completed' ? 'text-ink-2' : ''}>{word}</span>
    </span>
  );
}

/** Filled: once per panel. */
export function StateChip({ state, word = turnWord(state), time, handled }: { state: AnyState; word?: string; time?: string; handled?: boolean }) {
  return (
    <span
      data-state={state}
      data-handled={handled || undefined}
      className="inline-flex flex-none items-center gap-[5px] rounded-full bg-state-wash py-[3px] pr-2 pl-1.5 text-meta leading-[18px] font-strong whitespace-nowrap text-state"
    >
      <Icon name={state} size={14} />
      {word}
      {time && <time className="font-normal text-ink-2">{time}</time>}
    </span>
  );
}
