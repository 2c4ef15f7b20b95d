// Holds the session. It is drawn for each change; what is in it only for changes of what it selects.
import { useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import { useStore } from '../base/store';
import type { EditorRef } from '../editor/Editor';
import { SessionContext } from './session';
import { useChoice } from './useChoice';
import { useSessionState } from './useSessionState';

export function SessionProvider({ children }: { children: ReactNode }) {
  const editor = useRef<EditorRef>(null);
  const { actions, ...state } = useSessionState();
  const { actions: choiceActions, ...choice } = useChoice(state, actions.go, editor);
  const store = useStore({ ...state, choice });
  const stable = useStable(actions);
  const [held] = useState({ store, actions: stable, choiceActions, editor });
  return <SessionContext value={held}>{children}</SessionContext>;
}

/** Functions that stay the same, and do what the newest ones do. */
function useStable<T extends object>(functions: T): T {
  const latest = useRef(functions);
  useLayoutEffect(() => {
    latest.current = functions;
  });
  const [stable] = useState(() => {
    const names = Object.keys(functions) as (keyof T)[];
    return Object.fromEntries(names.map((name) => [name, (...args: unknown[]) => (latest.current[name] as Any)(...args)])) as T;
  });
  return stable;
}

type Any = (...args: unknown[]) => unknown;
