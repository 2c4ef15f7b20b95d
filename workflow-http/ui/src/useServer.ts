// Whether the server is there, and whether its answers are simulated.
import { useCallback, useEffect, useState } from 'react';
import { ApiError, getNodeTypes } from './api/client';

export interface Server {
  isKnown: boolean;
  isGone: boolean;
  isSimulated: boolean;
  retry: () => void;
}

const PAUSE = 5000;

export function useServer(): Server {
  const [known, setKnown] = useState({ isKnown: false, isGone: false, isSimulated: false });
  const [tries, setTries] = useState(0);
  const retry = useCallback(() => setTries((n) => n + 1), []);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isStale = false;
    getNodeTypes().then(
      ({ simulated }) => !isStale && setKnown({ isKnown: true, isGone: false, isSimulated: simulated === true }),
      (error: unknown) => {
        if (isStale) return;
        const isGone = error instanceof ApiError && (error.status === 0 || error.status >= 500);
        setKnown((before) => ({ ...before, isKnown: !isGone, isGone }));
        if (isGone) timer = setTimeout(retry, PAUSE);
      },
    );
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [tries, retry]);

  return { ...known, retry };
}
