import { useCallback, useEffect, useMemo, useState } from 'react';
import { readAddress, writeAddress, type Address } from './address';

/** The address, and a function to change it. `replace` adds no entry to the history. */
export function useAddress(): [Address, (to: Address, how?: 'push' | 'replace') => void] {
  const [hash, setHash] = useState(location.hash);
  const address = useMemo(() => readAddress(hash), [hash]);

  useEffect(() => {
    const follow = () => setHash(location.hash);
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);

  const go = useCallback((to: Address, how: 'push' | 'replace' = 'push') => {
    const next = writeAddress(to);
    if (next === location.hash) return;
    if (how === 'push') location.hash = next;
    else {
      history.replaceState(null, '', next);
      setHash(next);
    }
  }, []);
  return [address, go];
}
