/**
 * The own property of this name. A name that comes from outside may be one that every object inherits, such as `constructor`,
 * so a computed name is read here and nowhere else; what the page itself keeps by name is a `Map`.
 */
export const own = (holder: unknown, name: string | number): unknown =>
  typeof holder === 'object' && holder !== null && Object.hasOwn(holder, name) ? (holder as Record<string | number, unknown>)[name] : undefined;
