// A list that the server sends in pages, refreshed while it is visible.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Page } from '../api/types';

export interface Pages<T, P extends Page<T> = Page<T>> {
  /** Undefined until the first answer. */
  items: T[] | undefined;
  /** The first page, as it came. */
  first: P | undefined;
  hasMore: boolean;
  more: () => void;
  refresh: () => void;
}

const PAUSE = 5000;

/** `read`: another function is another list. `stamp`: changes when the list may have changed. */
export function usePages<T extends { id: string }, P extends Page<T>>(read: (cursor?: string) => Promise<P>, stamp: unknown): Pages<T, P> {
  const [state, setState] = useState<{ of: typeof read; first: P; rest: T[]; next: string | null | undefined } | null>(null);
  const current = useRef(read);
  useEffect(() => {
    current.current = read;
  });

  const refresh = useCallback(() => {
    const of = current.current;
    of().then(
      (first) => {
        if (of !== current.current) return;
        setState((before) => {
          const isSame = before?.of === of && before.rest.length > 0;
          return isSame ? { ...before, first } : { of, first, rest: [], next: first.next_cursor };
        });
      },
      // What was known stays; the status line says that the server is gone.
      () => undefined,
    );
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the first page is read again for each `read` and `stamp`
  useEffect(refresh, [read, stamp, refresh]);
  useEffect(() => {
    const look = () => document.visibilityState === 'visible' && refresh();
    const timer = setInterval(look, PAUSE);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [refresh]);

  const isCurrent = state?.of === read;
  const more = () => {
    const cursor = state?.next;
    if (!isCurrent || !cursor) return;
    read(cursor).then(
      ({ items, next_cursor }) => setState((before) => (before?.of === read ? { ...before, rest: [...before.rest, ...items], next: next_cursor } : before)),
      () => undefined,
    );
  };

  return {
    items: isCurrent ? unique([...state.first.items, ...state.rest]) : undefined,
    first: isCurrent ? state.first : undefined,
    hasMore: isCurrent && Boolean(state.next),
    more,
    refresh,
  };
}

/** New items move the old ones to later pages. */
function unique<T extends { id: string }>(items: T[]): T[] {
  const seen = new Set<string>();
  return items.filter(({ id }) => !seen.has(id) && seen.add(id));
}
