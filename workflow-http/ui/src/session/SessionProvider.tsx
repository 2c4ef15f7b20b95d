// Holds the session. It renders for each change; its children render only when what they select changes.
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

/** Stable functions that call the latest ones. */
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
