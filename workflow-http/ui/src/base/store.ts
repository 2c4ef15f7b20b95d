// A store with selectors: a component renders again only when the part that it selects has changed.
import { useLayoutEffect, useRef, useSyncExternalStore } from 'react';

export interface Store<T> {
  get: () => T;
  subscribe: (listener: () => void) => () => void;
}

/** A store of the value of the last render. Its subscribers render in the same frame. */
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

/** `select` must return the same value as long as nothing changes. */
export const useSelected = <T, S>(store: Store<T>, select: (value: T) => S): S => useSyncExternalStore(store.subscribe, () => select(store.get()));
