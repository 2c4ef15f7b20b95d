import { memo } from 'react';
import { writeAddress } from '../session/address';
import type { RunItem } from '../api/types';
import { Icon } from '../parts/Icon';
import { stateWord } from '../parts/State';
import { shortMoney } from '../run/cost';
import { tokensOf } from '../run/log';
import { statusOf } from '../run/run';
import { age, clock, count, duration, titleOf } from '../base/format';
import { RunStrip } from './RunStrip';

interface Props {
  run: RunItem;
  now: number;
  isHere: boolean;
  onOpen: () => void;
}

export function RunRow({ run, now, isHere, onOpen }: Props) {
  const isOver = run.duration_ms !== undefined;
  const since = now - Date.parse(run.created_at);
  return (
    <Row run={run} elapsed={isOver ? run.duration_ms! : Math.max(0, since - (since % 1000))} ago={age(run.created_at, now)} isHere={isHere} onOpen={onOpen} />
  );
}

interface RowProps extends Omit<Props, 'now'> {
  elapsed: number;
  ago: string;
}

const Row = memo(function Row({ run, elapsed, ago, isHere, onOpen }: RowProps) {
  const status = statusOf(run);
  const tokens = tokensOf(run.usage);
  const facts = [duration(elapsed), run.cost && shortMoney(run.cost), tokens > 0 && `${count(tokens)} tok`].filter(Boolean);
  return (
    <li data-state={status}>
      <a
        href={writeAddress({ at: 'run', id: run.id })}
        aria-current={isHere || undefined}
        onClick={onOpen}
        className="relative grid grid-cols-[16px_minmax(0,1fr)_auto] items-center gap-x-2 gap-y-px py-[7px] pr-3 pl-3.5 hover:bg-raised aria-[current]:bg-raised"
      >
        <Icon name={status} className="text-state" />
        <span className="truncate text-left" dir="auto">
          {titleOf(run.input_excerpt ?? '')}
        </span>
        <time
          dateTime={run.created_at}
          title={`${new Date(run.created_at).toLocaleDateString()} ${clock(run.created_at)}`}
          className="text-[11.5px] text-ink-3"
        >
          {ago}
        </time>
        <span className="col-span-2 col-start-2 truncate text-[11.5px] text-ink-3">
          <b className={`font-strong ${status === 'completed' ? 'text-ink-2' : 'text-state'}`}>{stateWord(status)}</b> {facts.join(' · ')}
        </span>
        <RunStrip run={run} elapsed={elapsed} className="col-span-2 col-start-2 mt-1" />
      </a>
    </li>
  );
});
