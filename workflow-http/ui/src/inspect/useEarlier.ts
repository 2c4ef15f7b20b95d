// What a step gave in the run before this one.
import { useEffect, useState } from 'react';
import { getStep } from '../api/client';

/** `undefined` until it is known, and if there is none. */
export function useEarlier(run: string | undefined, path: string): unknown {
  const [known, setKnown] = useState<unknown>();
  useEffect(() => {
    if (run === undefined) return;
    let isStale = false;
    getStep(run, path).then(
      ({ output }) => !isStale && setKnown(output),
      // There is none, and nothing is lost without it.
      () => undefined,
    );
    return () => {
      isStale = true;
    };
  }, [run, path]);
  return known;
}
