// The API key of this tab: kept until the tab is closed, and sent with every request to this server, nowhere else.

import { readStored, writeStored } from '../base/storage';

export interface Access {
  key: string | null;
  /** The server refuses this key, or a request without one. */
  isAsked: boolean;
}

const NAME = 'workflow-key';

let access: Access = { key: readStored('sessionStorage', NAME), isAsked: false };
const listeners = new Set<() => void>();

export const readAccess = (): Access => access;

export function onAccess(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const keyHeader = (key: string | null): { authorization?: string } => (key === null ? {} : { authorization: `Bearer ${key}` });

/** Stores a key that the server accepted. */
export function signIn(key: string): void {
  writeStored('sessionStorage', NAME, key);
  change({ key, isAsked: false });
}

export function signOut(): void {
  writeStored('sessionStorage', NAME, null);
  change({ key: null, isAsked: true });
}

/** The server refused this key. It may have been replaced since. */
export function refuse(key: string | null): void {
  if (key === access.key && !access.isAsked) change({ key, isAsked: true });
}

function change(next: Access): void {
  access = next;
  for (const listener of listeners) listener();
}
