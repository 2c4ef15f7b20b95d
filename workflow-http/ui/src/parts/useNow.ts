import { useEffect, useState } from 'react';
import { serverNow } from '../api/clock';

/** The server's time in ms, moving while `moving`. */
export function useNow(moving: boolean): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    if (!moving) return;
    const timer = setInterval(() => setNow(serverNow()), 100);
    return () => clearInterval(timer);
  }, [moving]);
  return now;
}
