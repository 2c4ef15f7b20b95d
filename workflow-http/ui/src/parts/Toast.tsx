// Says what leaves no other trace. One at a time, and not for long.
import { useEffect, useState, useSyncExternalStore } from 'react';
import { Icon } from './Icon';

const SHOWN = 4000;

let words = '';
let count = 0;
const listeners = new Set<() => void>();

export function toast(next: string): void {
  words = next;
  count += 1;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

export function Toast() {
  const said = useSyncExternalStore(subscribe, () => count);
  const [over, setOver] = useState(0);
  useEffect(() => {
    const timer = setTimeout(() => setOver(said), SHOWN);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <div role="status" className="pointer-events-none fixed inset-x-3.5 top-14 z-20 flex justify-center max-desk:top-auto max-desk:bottom-[146px]">
      {said > over && (
        <p className="flex items-center gap-2.5 rounded-card bg-ink px-3 py-2 font-strong text-bg shadow-float">
          <Icon name="completed" size={14} />
          {words}
        </p>
      )}
    </div>
  );
}
