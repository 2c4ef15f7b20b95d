// A run as one thin line: its states over time, in percent of the scale.
import type { RunItem, Span } from '../api/types';

export interface Piece {
  state: Span['state'] | 'live' | 'failed';
  left: number;
  width: number;
}

const STEPS = [10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 86_400_000];

/** What a whole line means in ms: a settled run fills it, a live one grows into it by steps. */
export function scaleOf({ duration_ms, spans }: Pick<RunItem, 'duration_ms' | 'spans'>, elapsed: number): number {
  if (duration_ms !== undefined) return Math.max(duration_ms, spans?.at(-1)?.to_ms ?? 0, 1);
  return STEPS.find((step) => step >= elapsed) ?? elapsed;
}

export function piecesOf(run: Pick<RunItem, 'status' | 'duration_ms' | 'spans'>, elapsed: number, scale = scaleOf(run, elapsed)): Piece[] {
  const spans = run.spans ?? [];
  const isLive = run.duration_ms === undefined;
  const pieces = spans
    .map(({ state, from_ms: from, to_ms: to }, index): Piece => {
      const isLast = index === spans.length - 1;
      const end = isLast && isLive ? Math.max(to, elapsed) : to;
      return { state: isLast && isLive && state === 'running' ? 'live' : state, left: percent(from, scale), width: percent(end - from, scale) };
    })
    .filter((piece) => piece.state !== 'queued');
  const end = spans.at(-1)?.to_ms;
  if (run.status === 'failed' && end !== undefined) pieces.push({ state: 'failed', left: Math.max(0, percent(end, scale) - 4), width: 4 });
  return pieces;
}

const percent = (ms: number, scale: number): number => Math.round(Math.min(1, Math.max(0, ms) / scale) * 10_000) / 100;
