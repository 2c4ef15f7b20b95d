import type { RunItem } from '../api/types';
import { piecesOf, scaleOf } from './strip';

interface Props {
  run: RunItem;
  elapsed: number;
  /** The duration of the whole line, to compare several lines. */
  scale?: number;
  className?: string;
}

/** The run's timeline in one thin line. The words beside it say the same. */
export function RunStrip({ run, elapsed, scale = scaleOf(run, elapsed), className = '' }: Props) {
  const pieces = piecesOf(run, elapsed, scale);
  if (pieces.length === 0) return null;
  return (
    <span className={`strip ${className}`} aria-hidden="true">
      {pieces.map(({ state, left, width }, index) => (
        <i key={index} data-piece={state} style={{ left: `min(${left}%, 100% - 2px)`, width: `${width}%` }} />
      ))}
    </span>
  );
}
