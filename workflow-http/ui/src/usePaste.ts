import { useEffect, useRef } from 'react';
import { isTyping } from './useKeys';

/** A workflow on the clipboard, pasted anywhere but into a field. */
export function usePaste(take: (text: string) => void): void {
  const current = useRef(take);
  useEffect(() => {
    current.current = take;
  });
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const text = event.clipboardData?.getData('text/plain') ?? '';
      if (isTyping() || !isWorkflow(text)) return;
      event.preventDefault();
      current.current(text);
    };
    document.addEventListener('paste', paste);
    return () => document.removeEventListener('paste', paste);
  }, []);
}

function isWorkflow(text: string): boolean {
  try {
    const spec = JSON.parse(text) as { nodes?: unknown } | null;
    return Array.isArray(spec?.nodes);
  } catch {
    return false;
  }
}
