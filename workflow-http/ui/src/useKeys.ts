import { useEffect, useRef } from 'react';

/** Ctrl/⌘ and a key, from anywhere on the page, also from inside the editor. */
export function useKeys(keys: Record<string, () => void>): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.repeat) return;
      const act = current.current[event.key];
      if (!act) return;
      event.preventDefault();
      event.stopPropagation();
      act();
    };
    // Captured: the editor has its own meaning for some of them.
    window.addEventListener('keydown', onKey, { capture: true });
    return () => window.removeEventListener('keydown', onKey, { capture: true });
  }, []);
}
