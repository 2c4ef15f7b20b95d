/**
 * The own property of this name. A name that comes from outside may be one that every object inherits, such as `constructor`,
 * so computed names are read only here, and the page's own dictionaries are `Map`s.
 */
export const own = (holder: unknown, name: string | number): unknown =>
  typeof holder === 'object' && holder !== null && Object.hasOwn(holder, name) ? (holder as Record<string | number, unknown>)[name] : undefined;

/** Whether a value is an object of JSON: neither a list nor `null`. */
export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
