import { describe, expect, it } from 'vitest';
import { piecesOf, scaleOf } from './strip';

describe('a strip', () => {
  it('of a settled run fills its line, with gaps where it was queued', () => {
    const run = { status: 'completed', duration_ms: 1000, spans: [['queued', 0, 100], ['running', 100, 400], ['waiting', 400, 900], ['running', 900, 1000]] } as const;
    expect(piecesOf({ ...run, spans: [...run.spans.map((span) => [...span] as [typeof span[0], number, number])] }, 99_999)).toEqual([
      { state: 'running', left: 10, width: 30 },
      { state: 'waiting', left: 40, width: 50 },
      { state: 'running', left: 90, width: 10 },
    ]);
  });

  it('of a live run grows by steps, and what goes on is live', () => {
    expect(piecesOf({ status: 'running', spans: [['retrying', 0, 1000], ['running', 1000, 2000]] }, 5000)).toEqual([
      { state: 'retrying', left: 0, width: 10 },
      { state: 'live', left: 10, width: 40 },
    ]);
    expect(scaleOf({}, 10_001)).toBe(30_000);
    expect(scaleOf({}, 400_000_000)).toBe(400_000_000);
  });

  it('of a failed run ends red', () => {
    expect(piecesOf({ status: 'failed', duration_ms: 200, spans: [['running', 0, 200]] }, 200).at(-1)).toEqual({ state: 'failed', left: 96, width: 4 });
  });

  it('of a run that nothing is known of is empty', () => {
    expect(piecesOf({ status: 'completed', duration_ms: 0 }, 0)).toEqual([]);
  });
});
