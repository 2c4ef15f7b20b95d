// Display hints of node types, from the server. The page knows no leaf type by name.
import { useSyncExternalStore } from 'react';
import type { DisplayHints, NodeType } from './types';

export type Types = ReadonlyMap<string, DisplayHints>;

const PLAIN: DisplayHints = { streams_text: false };

let types: Types = new Map();
const listeners = new Set<() => void>();

export function learnTypes(items: Pick<NodeType, 'type' | 'display'>[]): void {
  types = new Map(items.map(({ type, display }) => [type, display]));
  for (const listener of listeners) listener();
}

/** A type that the server does not list has no hints. */
export const hintsOf = (type: string, of: Types = types): DisplayHints => of.get(type) ?? PLAIN;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export const currentTypes = (): Types => types;

export const useTypes = (): Types => useSyncExternalStore(subscribe, () => types);
