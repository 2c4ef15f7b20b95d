// Whether the server answers, whether its models are simulated, and which of several instances it is.
import { useCallback, useEffect, useState } from 'react';
import { ApiError, getNodeTypes, isAnswering, PATIENCE } from './client';
import { learnTypes } from './nodeTypes';
import { presence } from './presence';

export interface Server {
  isKnown: boolean;
  isGone: boolean;
  isOffline: boolean;
  isSimulated: boolean;
  /** The name of the instance, if there are several. */
  instance: string | null;
  retry: () => void;
}

/** Interval of health checks without a live run. A server that stalls is noticed within 10 s, including the time-out. */
const PAUSE = 5000;

/** `isWatched`: the event stream of a run already shows that the server answers. */
export function useServer(isWatched: boolean): Server {
  const [known, setKnown] = useState({ isKnown: false, isGone: false, isOffline: false, isSimulated: false, instance: null as string | null });
  const [tries, setTries] = useState(0);
  const retry = useCallback(() => setTries((n) => n + 1), []);
  const { isKnown, isGone } = known;

  // biome-ignore lint/correctness/useExhaustiveDependencies: each try asks once
  useEffect(() => {
    let isStale = false;
    const goesMissing = () => setKnown((before) => ({ ...before, isKnown: false, isGone: true, isOffline: presence.isOffline() }));
    getNodeTypes(AbortSignal.timeout(PAUSE - 500)).then(
      ({ items, simulated, instance = null }) => {
        if (isStale) return;
        learnTypes(items);
        setKnown({ isKnown: true, isGone: false, isOffline: false, isSimulated: simulated, instance });
      },
      (error: unknown) => {
        if (isStale) return;
        if (error instanceof ApiError && (error.status === 0 || error.status >= 500)) goesMissing();
        else setKnown((before) => ({ ...before, isKnown: true, isGone: false }));
      },
    );
    return () => {
      isStale = true;
    };
  }, [tries]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each try waits anew
  useEffect(() => {
    if (isGone) {
      const timer = setTimeout(retry, PAUSE);
      const off = presence.onChange(() => !presence.isOffline() && retry());
      return () => {
        clearTimeout(timer);
        off();
      };
    }
    if (isWatched || !isKnown) return;
    let isStale = false;
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      clearTimeout(timer);
      // The second failure counts: a machine that was suspended loses one request.
      const isThere = presence.isHidden() || (await isAnswering(PATIENCE)) || (await isAnswering(PATIENCE / 2));
      if (isStale) return;
      if (!isThere) setKnown((before) => ({ ...before, isKnown: false, isGone: true, isOffline: presence.isOffline() }));
      else timer = setTimeout(() => void look(), PAUSE);
    };
    timer = setTimeout(() => void look(), PAUSE);
    const off = presence.onChange(() => void look());
    return () => {
      isStale = true;
      clearTimeout(timer);
      off();
    };
  }, [isGone, isKnown, isWatched, retry, tries]);

  return { ...known, retry };
}
