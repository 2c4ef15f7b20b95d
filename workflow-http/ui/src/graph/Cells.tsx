// The items of a map: a cell for each, or where there are many, a strip of their states.
import { stateWord } from '../parts/State';
import type { StepState } from '../run/run';
import { failedIn, stepIn, turnShown, turnsOf } from '../run/turns';
import { useActs } from './acts';
import type { Card } from './drawing';
import { tallyOf } from './facts';
import { pathIn, stepOf, useScene, useSceneNow, type Scene } from './scene';
import { MANY } from './sizes';

/** A string, so that it compares equal as long as no item changes. */
const statesIn = (scene: Scene, path: string): string => {
  const at = pathIn(scene, path);
  if (!scene.run || at === undefined) return '';
  return turnsOf(scene.run, at)
    .map(({ index, state }) => `${index} ${state}`)
    .join();
};

/** The number of failed items with a link here; the detail of the step lists more. */
const FEW = 4;

export function Cells({ card }: { card: Card }) {
  const { choose } = useActs();
  const written = useScene((scene) => statesIn(scene, card.path));
  const items = useScene((scene) => stepOf(scene, card.path)?.items);
  const shown = useScene((scene) => {
    const at = pathIn(scene, card.path);
    return scene.run && at !== undefined ? turnShown(scene.run, at, scene.chosen) : undefined;
  });
  const at = useScene((scene) => scene.run && pathIn(scene, card.path));
  const now = useSceneNow();
  if (!at || items === undefined) return <p className="absolute top-14 left-3.5 w-[156px] text-meta text-ink-3">Its items are known once it runs.</p>;
  const states = new Map(
    written === ''
      ? []
      : written
          .split(',')
          .map((cell) => cell.split(' '))
          .map(([index, state]) => [Number(index), state as StepState]),
  );
  const tally = tallyOf([...states.values()], items);
  return (
    <div className="absolute top-14 left-3.5 z-1 w-[156px]">
      {items > MANY ? (
        <span className="flex h-4 overflow-hidden rounded-bar" aria-hidden="true">
          {tally.map(({ state, count }) => (
            <i key={state} className="stretch" data-state={state} style={{ flexGrow: count }} />
          ))}
        </span>
      ) : (
        <span className="grid grid-cols-[repeat(5,28px)] gap-1" role="group" aria-label={`Items of ${card.id}`}>
          {Array.from({ length: items }, (_, index) => {
            const state = states.get(index) ?? 'pending';
            return (
              <button
                key={index}
                type="button"
                className="cell"
                data-state={state}
                aria-pressed={index === shown}
                aria-disabled={!states.has(index)}
                aria-label={`Item ${index}, ${stateWord(state)}`}
                tabIndex={-1}
                onClick={() => {
                  const { run } = now();
                  const path = run && stepIn(run, at, index);
                  if (path) choose(path);
                }}
              >
                {index}
              </button>
            );
          })}
        </span>
      )}
      <ul className="mt-2.5 text-meta leading-[19px] text-ink-2">
        {tally.map(({ state, count }) => (
          <li key={state}>
            {count} {state === 'running' ? 'at work' : state === 'pending' ? 'to come' : stateWord(state).toLowerCase()}
            {state === 'failed' && (
              <span className="pl-1.5">
                {[...states]
                  .filter(([, one]) => one === 'failed')
                  .slice(0, FEW)
                  .map(([index]) => (
                    <button
                      key={index}
                      type="button"
                      className="px-1 font-code text-live underline underline-offset-3"
                      aria-label={`Failed item ${index}`}
                      tabIndex={-1}
                      onClick={() => {
                        const { run } = now();
                        const map = run?.steps.get(at);
                        const path = run && map && failedIn(run, map, index);
                        if (path) choose(path);
                      }}
                    >
                      {index}
                    </button>
                  ))}
                {count > FEW && '…'}
              </span>
            )}
          </li>
        ))}
      </ul>
      {shown !== undefined && items > 1 && (
        <p className="mt-1.5 text-meta text-ink-3">
          Item <b className="text-ink">{shown}</b>, <kbd className="key">[</kbd> <kbd className="key">]</kbd> for others
        </p>
      )}
    </div>
  );
}
