// One step on the timeline: its name, its bars, how long it took.
import { memo } from 'react';
import { CodeText } from '../parts/CodeText';
import { Icon } from '../parts/Icon';
import { stateWord } from '../parts/State';
import { shownState, tookOf, type Step } from '../run/run';
import { queueWords } from '../run/log';
import { whyNot } from '../run/whyNot';
import { duration } from '../base/format';
import { barsOf, firstWordsOf, type Bar } from './bars';
import type { Scale } from './scale';

interface Props {
  step: Step;
  ready: number | undefined;
  /** Its condition, if it is known. */
  when: string | undefined;
  scale: Scale;
  /** Only for a step that is not settled. */
  now: number;
  isChosen: boolean;
  /** Of a container that has steps in it. */
  isFolded: boolean | undefined;
  position: number;
  rows: number;
  onChoose: (path: string) => void;
  onFold: (path: string, isFolded: boolean) => void;
}

export const rowId = (path: string): string => `time-${path}`;

export const TimelineRow = memo(function TimelineRow({ step, ready, when, scale, now, isChosen, isFolded, position, rows, onChoose, onFold }: Props) {
  const bars = barsOf(step, ready);
  const took = tookWords(step, now);
  return (
    <div
      role="treeitem"
      id={rowId(step.path)}
      aria-level={step.depth + 1}
      aria-setsize={rows}
      aria-posinset={position}
      aria-selected={isChosen}
      aria-expanded={isFolded === undefined ? undefined : !isFolded}
      data-state={shownState(step)}
      data-handled={step.handled || undefined}
      className={`time-row ${isChosen ? 'chosen bg-raised' : 'hover:bg-raised'}`}
      onClick={() => onChoose(step.path)}
    >
      <span className="time-name" style={{ '--depth': Math.min(step.depth, 6) } as React.CSSProperties}>
        {isFolded === undefined ? (
          <Icon name={shownState(step)} size={14} className="text-state" />
        ) : (
          <span
            onClick={(event) => {
              event.stopPropagation();
              onFold(step.path, !isFolded);
            }}
          >
            <Icon name="chev" size={14} className={`text-state ${isFolded ? '' : 'rotate-90'}`} />
          </span>
        )}
        <span className="truncate" title={step.path}>
          {step.turn && <span className="text-ink-3">{step.turn} </span>}
          {step.node}
        </span>
        {/* Bars say it to those who see them. */}
        <span className="sr-only">{spokenState(step)}</span>
      </span>
      <span className="time-track">
        {bars.map((bar, index) => (
          <BarShape key={index} bar={bar} scale={scale} now={now} />
        ))}
        {firstWordsOf(step).map((first) => (
          <i key={first} className="first-words" style={{ left: percent(scale.at(first)) }} />
        ))}
        {step.queue && <Words at={scale.at(Math.max(now, Date.parse(step.queue.since)))} words={queueWords(step.queue)} />}
        {(step.isReused || step.isSet) && bars.length === 0 && step.endedAt && (
          <Words at={scale.at(Date.parse(step.endedAt))} words={step.isReused ? 'reused' : 'set'} />
        )}
        {step.state === 'skipped' && step.endedAt && (
          <Words at={scale.at(Date.parse(step.endedAt))} words={`skipped${step.reason ? `: ${lower(whyNot(step, when))}` : ''}`} />
        )}
      </span>
      <span className="time-took">
        {took}
        <span className="sr-only">{spokenFacts(step)}</span>
      </span>
    </div>
  );
});

/** Too small a part of the track for a cross. */
const TINY = 0.03;

function BarShape({ bar, scale, now }: { bar: Bar; scale: Scale; now: number }) {
  const left = scale.at(bar.from);
  const right = scale.at(bar.to ?? Math.max(now, bar.from));
  const isTiny = right - left < TINY;
  return (
    <i
      className={`bar bar-${bar.kind}`}
      data-live={bar.to === undefined || undefined}
      data-tiny={isTiny || undefined}
      style={{ '--from': percent(left), width: percent(right - left) } as React.CSSProperties}
    >
      {bar.kind === 'failed' && !isTiny && <Cross />}
    </i>
  );
}

const Cross = () => (
  <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
    <path d="m2 2 6 6m0-6-6 6" />
  </svg>
);

/** Words for what has no bar, at the time where it happened or close to it. */
function Words({ words, at }: { words: string; at: number }) {
  return (
    <span className="time-words">
      <i style={{ flexBasis: percent(at) }} />
      <span>
        <CodeText text={words} />
      </span>
    </span>
  );
}

const percent = (part: number): string => `${(part * 100).toFixed(3)}%`;

const lower = (sentence: string): string => sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, '');

function tookWords(step: Step, now: number): string {
  const took = tookOf(step, now);
  return took === undefined ? '' : duration(took);
}

/** The description for screen readers, without the words that are shown beside the bars. */
const spokenState = (step: Step): string => (step.queue || step.state === 'skipped' ? '' : `${stateWord(shownState(step)).toLowerCase()}, `);

function spokenFacts({ attempts }: Step): string {
  const failures = attempts.filter(({ nextIn }) => nextIn !== undefined).length;
  return [
    attempts.some(({ isLost }) => isLost) ? ', interrupted by a stop of the server' : '',
    failures > 0 ? `, ${failures} failed ${failures === 1 ? 'attempt' : 'attempts'}` : '',
  ].join('');
}
