// The run of the page, updated from its event stream. Events are applied once per frame.
import { useEffect, useState } from 'react';
import { asProblem } from '../api/client';
import { startClock, stopClock } from '../api/clock';
import type { follow, Loss } from '../api/follow';
import { presence } from '../api/presence';
import type { Problem, RunEvent } from '../api/types';
import type { reduce } from './reduce';
import { newRun, type Run } from './run';

export type Connection = { state: 'idle' | 'connecting' | 'live' | 'ended' } | ({ state: 'lost' } & Loss);

export interface RunView {
  run: Run | null;
  connection: Connection;
  /** Why this run cannot be shown. */
  problem: Problem | null;
}

const NOTHING: RunView = { run: null, connection: { state: 'idle' }, problem: null };

export function useRun(id: string | null): RunView {
  const [view, setView] = useState<RunView>(NOTHING);

  useEffect(() => {
    if (id === null) {
      setView(NOTHING);
      return;
    }
    const stop = new AbortController();
    let run = newRun(id);
    let waiting: RunEvent[] = [];
    let take: typeof reduce | undefined;
    const connect = (connection: Connection) =>
      setView((view) => (connection.state !== 'lost' && view.connection.state === connection.state ? view : { ...view, connection }));
    const takeIn = () => {
      frame.cancel();
      if (waiting.length === 0 || !take) return;
      run = take(run, waiting);
      waiting = [];
      setView((view) => ({ ...view, run }));
    };
    const frame = nextFrame(takeIn);

    setView({ run, connection: { state: 'connecting' }, problem: null });
    const following: Following = {
      signal: stop.signal,
      after: () => {
        takeIn();
        return run.seq;
      },
      onOpen: () => {
        startClock();
        connect({ state: 'live' });
      },
      onLost: (loss) => {
        stopClock();
        connect({ state: 'lost', ...loss });
      },
      presence,
      onEvents: (events) => {
        waiting = waiting.concat(events);
        frame.ask();
      },
    };
    followRun(id, following, (reduce) => (take = reduce)).then(
      () => {
        if (stop.signal.aborted) return;
        takeIn();
        connect({ state: 'ended' });
      },
      (error: unknown) => {
        if (!stop.signal.aborted) setView({ run: null, connection: { state: 'ended' }, problem: asProblem(error) });
      },
    );
    return () => {
      stop.abort();
      frame.cancel();
      startClock();
    };
  }, [id]);

  return view;
}

type Following = Parameters<typeof follow>[1];

/** It comes with the panes that show the run. */
async function followRun(id: string, following: Following, onReducer: (reducer: typeof reduce) => void): Promise<void> {
  const { follow, reduce } = await import('../paneChunk');
  onReducer(reduce);
  await follow(id, following);
}

/** Frames stop in a hidden tab; a timer takes over there, so that the title still shows the state. */
function nextFrame(work: () => void) {
  let frame = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const cancel = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    timer = undefined;
  };
  const ask = () => {
    if (timer !== undefined) return;
    frame = requestAnimationFrame(work);
    timer = setTimeout(work, 250);
  };
  return { ask, cancel };
}
