import { memo, useRef } from 'react';
import { writeAddress } from '../session/address';
import type { RunItem } from '../api/types';
import { StateWord } from '../parts/State';
import { money, shortMoney } from '../run/cost';
import { tokensOf } from '../run/log';
import { statusOf } from '../run/run';
import { RunStrip } from '../side/RunStrip';
import { clock, count, duration, titleOf } from '../base/format';

/** How long a run took, or has taken so far. */
export const elapsedOf = ({ duration_ms, created_at }: RunItem, now: number): number =>
  duration_ms ?? Math.max(0, Math.floor((now - Date.parse(created_at)) / 1000) * 1000);

interface Props {
  run: RunItem;
  elapsed: number;
  scale: number;
  isShown: boolean;
  onShow: (id: string) => void;
  /** Selected to be compared. */
  isPicked: boolean;
  onPick: (id: string) => void;
}

/** A pointer has to rest this long on a row. */
const REST = 120;

function useRest(act: () => void) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const leave = () => clearTimeout(timer.current);
  return { onPointerEnter: () => (timer.current = setTimeout(act, REST)), onPointerLeave: leave };
}

export const HistoryRow = memo(function HistoryRow({ run, elapsed, scale, isShown, onShow, isPicked, onPick }: Props) {
  const tokens = tokensOf(run.usage);
  const rest = useRest(() => onShow(run.id));
  return (
    <li data-state={statusOf(run)} data-shown={isShown || undefined} className="relative border-t border-line">
      <label className="absolute top-0 bottom-0 left-0 z-1 grid w-9 cursor-pointer place-items-center pl-1.5">
        <input
          type="checkbox"
          className="size-[15px] accent-live"
          checked={isPicked}
          onChange={() => onPick(run.id)}
          aria-label={`Compare ${titleOf(run.input_excerpt ?? '')}, ${clock(run.created_at).slice(0, 8)}`}
        />
      </label>
      <a href={writeAddress({ at: 'run', id: run.id })} className="history-row max-broad:hover:bg-raised" onFocus={() => onShow(run.id)} {...rest}>
        <span className="leading-none [grid-area:state]">
          <StateWord state={statusOf(run)} />
        </span>
        <span className="min-w-0 [grid-area:input]">
          <span className="block truncate text-left" dir="auto">
            {titleOf(run.input_excerpt ?? '')}
          </span>
        </span>
        <span className="truncate text-meta text-ink-3 [grid-area:name]">
          {run.workflow.name || 'Untitled'} <code>v{run.workflow.version}</code>
        </span>
        <time dateTime={run.created_at} className="text-meta text-ink-3 [grid-area:time] max-desk:text-right">
          {clock(run.created_at).slice(0, 8)}
        </time>
        <span className="min-w-0 [grid-area:strip]">
          <RunStrip run={run} elapsed={elapsed} scale={scale} />
        </span>
        <time className="text-right text-meta [grid-area:took]">{duration(elapsed)}</time>
        <code className="text-right text-meta text-ink-2 [grid-area:tokens]">
          {tokens > 0 && (
            <>
              {count(tokens)} <span className="desk:sr-only">tok</span>
            </>
          )}
          {run.cost && (
            <span className="text-micro text-ink-3 max-desk:ml-2 desk:block" title={money(run.cost)}>
              {shortMoney(run.cost)}
            </span>
          )}
        </code>
      </a>
    </li>
  );
});
