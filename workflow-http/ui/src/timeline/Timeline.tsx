// The timeline: a row for each step, with when it ran and what it waited for.
import './timeline.css';
import { useMemo, useRef } from 'react';
import { own } from '../base/ownProperty';
import { PaneHead } from '../parts/PaneHead';
import { useNow } from '../parts/useNow';
import { isFolded, visibleSteps } from '../run/fold';
import { containerOf } from '../run/outline';
import { hasEnded, isSettled, type Run } from '../run/run';
import { runOf, useChoiceActions, useSession } from '../session/session';
import { useConditions } from '../session/useConditions';
import type { Choice, ChoiceActions } from '../session/useChoice';
import { readyAt } from './bars';
import { GAP_WIDTH, isWorking, scaleOf, workSpans, type Scale } from './scale';
import { rowId, TimelineRow } from './TimelineRow';
import { useWindow } from './useWindow';

export function Timeline() {
  const run = useSession(runOf);
  const hasBegun = run?.startedAt !== undefined;
  return (
    <section aria-label="Timeline" data-pane="time" className="pane pane-time border-t border-line bg-panel">
      <PaneHead title="Timeline">{hasBegun && <Legend />}</PaneHead>
      {hasBegun ? <Lines run={run} /> : <p className="px-3.5 py-1 text-meta text-ink-3">When each step of a run works, and when it waits, is drawn here.</p>}
    </section>
  );
}

/** Of more rows than this none moves by itself, see `graph.css`. */
const CALM = 60;

function Lines({ run }: { run: Run }) {
  const chosen = useSession(({ choice }) => choice.chosen);
  const folds = useSession(({ choice }) => choice.folds);
  const { show, fold } = useChoiceActions();
  const conditionOf = useConditions();
  const box = useRef<HTMLDivElement>(null);
  const isLive = !hasEnded(run);
  const now = useNow(isLive, isWorking(run) ? 100 : 1000);
  // Text changes no times, so this is computed once for each event of the log.
  // biome-ignore lint/correctness/useExhaustiveDependencies: of a run, nothing but the number of its last event
  const work = useMemo(() => workSpans(run), [run.id, run.seq]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: of a run, its steps and their order
  const paths = useMemo(() => visibleSteps(run, folds, chosen), [run.order, run.steps, folds, chosen]);
  const start = Date.parse(run.startedAt!);
  const end = run.endedAt === undefined ? Math.max(now, start) : Date.parse(run.endedAt);
  const scale = useStable(scaleOf(start, end, work, isLive));
  const seen = useWindow(box, paths.length, chosen === undefined ? -1 : paths.indexOf(chosen));
  return (
    <div
      ref={box}
      role="tree"
      aria-label="Steps over time"
      tabIndex={0}
      aria-activedescendant={chosen === undefined ? undefined : rowId(chosen)}
      className="time"
      data-calm={paths.length > CALM || undefined}
      onKeyDown={(event) => moveAmong(event, { run, paths, chosen, folds, show, fold })}
    >
      <Ruler scale={scale} />
      <div role="presentation" className="time-rows" style={{ paddingTop: seen.before, paddingBottom: seen.after }}>
        {paths.slice(seen.first, seen.last).map((path, index) => {
          const step = run.steps.get(path)!;
          return (
            <TimelineRow
              key={path}
              step={step}
              ready={readyAt(run, step)}
              when={step.state === 'skipped' ? conditionOf(step.written) : undefined}
              scale={scale}
              now={isSettled(step.state) ? 0 : end}
              isChosen={path === chosen}
              isFolded={step.inner > 0 ? isFolded(folds, step) : undefined}
              position={seen.first + index + 1}
              rows={paths.length}
              onChoose={show}
              onFold={fold}
            />
          );
        })}
        <Grid scale={scale} now={isLive ? scale.at(end) : undefined} />
      </div>
    </div>
  );
}

/** The same object as long as it is equal, so that settled rows are not rendered again. */
function useStable(scale: Scale): Scale {
  const key = JSON.stringify([scale.ticks, scale.gaps]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` is what the scale says
  return useMemo(() => scale, [key]);
}

/** No tick is named so near to the words of a fold. */
const GAP_WORDS = 0.2;

function Ruler({ scale }: { scale: Scale }) {
  const taken = scale.gaps.map(({ at }) => at + GAP_WIDTH / 2);
  const isFree = (at: number) => taken.every((gap) => Math.abs(gap - at) > GAP_WORDS);
  return (
    <div className="ruler" aria-hidden="true">
      <div className="ruler-track">
        {scale.ticks
          .filter(({ at }) => isFree(at))
          .map(({ at, words }) => (
            <span key={at} data-first={at === 0 || undefined} style={{ left: `${at * 100}%` }}>
              {words}
            </span>
          ))}
        {scale.gaps.map(({ at, words }) => (
          <span key={at} style={{ left: `${(at + GAP_WIDTH / 2) * 100}%` }}>
            {words}
          </span>
        ))}
      </div>
    </div>
  );
}

/** Vertical lines through all rows: ticks, folded time and now. */
function Grid({ scale, now }: { scale: Scale; now: number | undefined }) {
  return (
    <div className="time-grid" aria-hidden="true">
      {scale.ticks.map(({ at }) => (
        <i key={at} className="tick" style={{ left: `${at * 100}%` }} />
      ))}
      {scale.gaps.map(({ at }) => (
        <i key={at} className="gap" style={{ left: `${at * 100}%`, width: `${GAP_WIDTH * 100}%` }} />
      ))}
      {now !== undefined && <i className="now" style={{ transform: `translateX(${now * 100}%)` }} />}
    </div>
  );
}

function Legend() {
  return (
    <p className="time-legend" aria-hidden="true" data-state="completed">
      <span>
        <i className="bar bar-queued" />
        queued
      </span>
      <span>
        <i className="bar bar-asking" />
        asking
      </span>
      <span>
        <i className="first-words" />
        first words
      </span>
      <span>
        <i className="bar bar-working" />
        working
      </span>
    </p>
  );
}

interface Moving extends Pick<Choice, 'chosen' | 'folds'>, Pick<ChoiceActions, 'show' | 'fold'> {
  run: Run;
  paths: string[];
}

/** Up and down select a step; right and left unfold and fold it, or move to a child or the parent. */
function moveAmong(event: React.KeyboardEvent, { run, paths, chosen, folds, show, fold }: Moving): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const at = chosen === undefined ? -1 : paths.indexOf(chosen);
  const step = chosen === undefined ? undefined : run.steps.get(chosen);
  const go = (index: number) => show(paths[Math.min(Math.max(index, 0), paths.length - 1)]!);
  const isOpen = step !== undefined && step.inner > 0 && !isFolded(folds, step);
  const outer = chosen === undefined ? undefined : containerOf(chosen);
  const keys = {
    ArrowDown: () => go(at + 1),
    ArrowUp: () => go(at - 1),
    Home: () => go(0),
    End: () => go(paths.length - 1),
    ArrowRight: step && step.inner > 0 ? () => (isOpen ? go(at + 1) : fold(step.path, false)) : undefined,
    ArrowLeft: isOpen ? () => fold(step.path, true) : outer === undefined ? undefined : () => show(outer),
  };
  const act = own(keys, event.key) as (() => void) | undefined;
  if (!act) return;
  event.preventDefault();
  act();
}
