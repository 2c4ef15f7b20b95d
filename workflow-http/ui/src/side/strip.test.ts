import { describe, expect, it } from 'vitest';
import { piecesOf, scaleOf } from './strip';

describe('a strip', () => {
  it('of a settled run fills its line, with gaps where it was queued', () => {
    const run = {
      status: 'completed',
      duration_ms: 1000,
      spans: [
        { state: 'queued', from_ms: 0, to_ms: 100 },
        { state: 'running', from_ms: 100, to_ms: 400 },
        { state: 'waiting', from_ms: 400, to_ms: 900 },
        { state: 'running', from_ms: 900, to_ms: 1000 },
      ],
    } as const;
    expect(piecesOf({ ...run, spans: [...run.spans] }, 99_999)).toEqual([
      { state: 'running', left: 10, width: 30 },
      { state: 'waiting', left: 40, width: 50 },
      { state: 'running', left: 90, width: 10 },
    ]);
  });

  it('of a live run grows by steps, and what has not ended is live', () => {
    expect(
      piecesOf(
        {
          status: 'running',
          spans: [
            { state: 'retrying', from_ms: 0, to_ms: 1000 },
            { state: 'running', from_ms: 1000, to_ms: 2000 },
          ],
        },
        5000,
      ),
    ).toEqual([
      { state: 'retrying', left: 0, width: 10 },
      { state: 'live', left: 10, width: 40 },
    ]);
    expect(scaleOf({}, 10_001)).toBe(30_000);
    expect(scaleOf({}, 400_000_000)).toBe(400_000_000);
  });

  it('of a failed run ends red', () => {
    expect(piecesOf({ status: 'failed', duration_ms: 200, spans: [{ state: 'running', from_ms: 0, to_ms: 200 }] }, 200).at(-1)).toEqual({
      state: 'failed',
      left: 96,
      width: 4,
    });
  });

  it('of a run that nothing is known of is empty', () => {
    expect(piecesOf({ status: 'completed', duration_ms: 0 }, 0)).toEqual([]);
  });
});
