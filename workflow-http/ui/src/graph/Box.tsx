// An open container: a box around its nodes. Of its items, rounds or turns one is shown.
import { memo } from 'react';
import { Icon, iconOf } from '../parts/Icon';
import { stateWord } from '../parts/State';
import type { StepState } from '../run/run';
import { stepIn, turnShown, turnsOf } from '../run/turns';
import { plural, sentence } from '../base/format';
import { turnWords } from '../run/outline';
import { useActs } from './acts';
import { Cells } from './Cells';
import type { Card } from './drawing';
import { Calls, CardState, Face, Id, Toggle, When, type CardProps } from './StepCard';
import { pathIn, stateOf, stepOf, useScene, useSceneNow, type Scene } from './scene';
import { PIPS } from './sizes';

export const Box = memo(function Box({ card, top }: CardProps) {
  const step = useScene((scene) => stepOf(scene, card.path));
  const state = useScene((scene) => stateOf(scene, card.path));
  const isMap = card.repeats === 'item';
  const hasRounds = (card.repeats === 'round' || card.repeats === 'turn') && step !== undefined;
  return (
    <div data-state={state} className="box relative h-full">
      <When card={card} step={step} />
      <Face card={card} top={top} state={state}>
        <div className="flex h-[38px] items-center gap-2 border-b border-line px-2.5 whitespace-nowrap">
          <Toggle card={card} isOpen />
          <Icon name={iconOf(card.icon)} className="text-ink-2" />
          <Id id={card.id} />
          <Calls card={card} />
          {hasRounds ? <Pips card={card} /> : <span className="min-w-0 flex-1 truncate text-ink-3">{card.plan}</span>}
          {isMap && step?.progress && <code className="text-meta font-bold">{step.progress}</code>}
          {state && <CardState state={state} />}
        </div>
        {isMap && (
          <>
            <div className="h-1 overflow-hidden bg-raised">
              {step?.done !== undefined && <i className="block h-full bg-done" style={{ width: `${step.done * 100}%` }} />}
            </div>
            <Cells card={card} />
          </>
        )}
      </Face>
    </div>
  );
});

const pipsIn = (scene: Scene, path: string): string => {
  const at = pathIn(scene, path);
  if (!scene.run || at === undefined) return '';
  const shown = turnShown(scene.run, at, scene.chosen);
  return turnsOf(scene.run, at)
    .map(({ index, state }) => `${index} ${state}${index === shown ? ' shown' : ''}`)
    .join();
};

/** The rounds of a loop or the turns of an agent: those that have started, and the rounds that are still allowed. */
function Pips({ card }: { card: Card }) {
  const { choose } = useActs();
  const pips = useScene((scene) => pipsIn(scene, card.path));
  const at = useScene((scene) => pathIn(scene, card.path));
  const now = useSceneNow();
  if (at === undefined) return null;
  const all = pips === '' ? [] : pips.split(',').map((pip) => pip.split(' ') as [string, StepState, string?]);
  const toCome = Math.max(0, Math.min(card.max ?? 0, PIPS.most) - all.length);
  const noun = card.repeats ?? 'round';
  const label = plural(all.length, noun) + (card.max === undefined ? '' : ` of at most ${card.max}`);
  return (
    <span className="relative z-1 flex flex-1 items-center justify-end gap-1" role="group" aria-label={label} title={label}>
      {all.slice(-PIPS.most).map(([index, state, shown]) => (
        <button
          key={index}
          type="button"
          className="pip"
          data-state={state}
          aria-pressed={shown !== undefined}
          aria-label={`${sentence(turnWords(noun, Number(index)))}, ${stateWord(state)}`}
          tabIndex={-1}
          onClick={() => {
            const { run } = now();
            const path = run && stepIn(run, at, Number(index));
            if (path) choose(path);
          }}
        >
          {Number(index) + 1}
        </button>
      ))}
      {Array.from({ length: toCome }, (_, index) => (
        <span key={`to come ${index}`} className="pip" data-state="pending" aria-hidden="true">
          {all.length + index + 1}
        </span>
      ))}
    </span>
  );
}
