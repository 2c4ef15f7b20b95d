// A value that components subscribe to in parts: one is drawn again only when the part it selected has changed.
import { useLayoutEffect, useRef, useSyncExternalStore } from 'react';

export interface Store<T> {
  get: () => T;
  subscribe: (listener: () => void) => () => void;
}

/** A store of the value that it was last rendered with. Its subscribers are drawn in the same frame. */
export function useStore<T>(value: T): Store<T> {
  const current = useRef(value);
  const listeners = useRef(new Set<() => void>());
  const store = useRef<Store<T>>({
    get: () => current.current,
    subscribe: (listener) => {
      listeners.current.add(listener);
      return () => void listeners.current.delete(listener);
    },
  });
  useLayoutEffect(() => {
    current.current = value;
    for (const listener of listeners.current) listener();
  });
  return store.current;
}

/** `select` returns the same thing for as long as nothing has to be drawn again. */
export const useSelected = <T, S>(store: Store<T>, select: (value: T) => S): S => useSyncExternalStore(store.subscribe, () => select(store.get()));
