// Display hints of node types, from the server. The page knows no leaf type by name.
import { useSyncExternalStore } from 'react';
import type { DisplayHints, NodeType } from './types';

export type Types = ReadonlyMap<string, DisplayHints>;

const PLAIN: DisplayHints = { streams_text: false };

/** The types of the steps that an agent has in the place of nodes: one that asks the model, and one for each call. They are in no text. */
export const AGENT_TURN = 'AgentTurn';
export const TOOL_CALL = 'ToolCall';

/** The server lists no hints of them. */
const OF_AGENTS: Types = new Map([
  [AGENT_TURN, { icon: 'llm', label: 'Turn', streams_text: true }],
  [TOOL_CALL, { icon: 'tool', label: 'Tool', streams_text: false }],
]);

let types: Types = new Map();
let models: ReadonlyMap<string, readonly string[]> = new Map();
const listeners = new Set<() => void>();

export function learnTypes(items: Pick<NodeType, 'type' | 'display' | 'models'>[]): void {
  types = new Map(items.map(({ type, display }) => [type, display]));
  models = new Map(items.map(({ type, models = [] }) => [type, models]));
  for (const listener of listeners) listener();
}

/** A type that the server does not list has no hints. */
export const hintsOf = (type: string, of: Types = types): DisplayHints => of.get(type) ?? OF_AGENTS.get(type) ?? PLAIN;

/** The models that the server's providers list, for a type that has one. Others may exist. */
export const modelsOf = (type: unknown): readonly string[] => (typeof type === 'string' && models.get(type)) || [];

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export const currentTypes = (): Types => types;

export const useTypes = (): Types => useSyncExternalStore(subscribe, () => types);
