// A JSON Patch as changes with the value before and the value after.
import type { PatchOperation } from '../api/types';
import { isObject, own } from '../base/ownProperty';

export interface Change {
  /** A JSON pointer; empty for the whole value. */
  path: string;
  /** Absent: there was nothing, or it is not known. */
  before?: { value: unknown };
  after?: { value: unknown };
}

/** `whole`: the value before the patch, if it is known. Operations follow each other, so each sees what the ones before it did. */
export function changesOf(patch: PatchOperation[], whole: { value: unknown } | undefined): Change[] {
  let value = whole && structuredClone(whole.value);
  return patch.map((operation) => {
    const { op, path } = operation;
    const next = op === 'remove' ? undefined : operation.value;
    const keys = keysOf(path);
    const before = whole && op !== 'add' ? at(value, keys) : undefined;
    if (whole) value = applied(value, keys, op, next);
    return { path, ...(before ? { before } : {}), ...(op === 'remove' ? {} : { after: { value: next } }) };
  });
}

const keysOf = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));

function at(value: unknown, keys: string[]): { value: unknown } | undefined {
  const [key, ...rest] = keys;
  if (key === undefined) return { value };
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return at(own(value, key), rest);
}

/** A patch that does not fit changes nothing: it is shown without what was before. */
function applied(value: unknown, keys: string[], op: string, next: unknown): unknown {
  const key = keys.at(-1);
  if (key === undefined) return op === 'remove' ? undefined : structuredClone(next);
  const holder = at(value, keys.slice(0, -1))?.value;
  if (Array.isArray(holder)) {
    const index = key === '-' ? holder.length : Number(key);
    holder.splice(index, op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [structuredClone(next)]));
  } else if (isObject(holder)) {
    if (op === 'remove') delete holder[key];
    else Object.defineProperty(holder, key, { value: structuredClone(next), enumerable: true, configurable: true, writable: true });
  }
  return value;
}
