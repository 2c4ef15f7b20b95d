import { useEffect, useState } from 'react';
import { serverNow } from '../api/clock';

/** The server's time in ms, moving while `moving`. */
export function useNow(moving: boolean, every = 100): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    if (!moving) return;
    const timer = setInterval(() => setNow(serverNow()), every);
    return () => clearInterval(timer);
  }, [moving, every]);
  return now;
}
