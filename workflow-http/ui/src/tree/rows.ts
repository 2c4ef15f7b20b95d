// A JSON value as rows: one for each visible value.

export interface TreeRow {
  /** A JSON pointer; of a row for what is left out, that of what it is left out of. */
  at: string;
  depth: number;
  name: string;
  value: unknown;
  /** How many values are in it; `undefined` for one that holds none. */
  size?: number;
  isOpen: boolean;
  /** It stands for this many values. */
  more?: number;
}

/** Rows that were opened or closed, by pointer. */
export type Opened = ReadonlyMap<string, boolean>;

/** A value with more in it starts closed, and so does one further in. */
const FEW = 30;
const SHALLOW = 2;
/** Of more values than this, the rest is shown on demand. */
export const PAGE = 100;

/** The values in `value`, which itself has no row. `pages`: how many pages of a value's content are shown, where it is more than one. */
export function rowsOf(value: object, opened: Opened, pages: ReadonlyMap<string, number>): TreeRow[] {
  const rows: TreeRow[] = [];
  const fill = (holder: object, at: string, depth: number) => {
    const parts = Object.entries(holder) as [string, unknown][];
    const shown = PAGE * (pages.get(at) ?? 1);
    for (const [name, part] of parts.slice(0, shown)) add(name, part, `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, depth);
    if (parts.length > shown) rows.push({ at, depth, name: '', value: undefined, isOpen: false, more: parts.length - shown });
  };
  const add = (name: string, value: unknown, at: string, depth: number) => {
    const size = isHolder(value) ? Object.keys(value).length : undefined;
    const isOpen = size !== undefined && size > 0 && (opened.get(at) ?? (depth < SHALLOW && size <= FEW));
    rows.push({ at, depth, name, value, isOpen, ...(size === undefined ? {} : { size }) });
    if (isOpen && isHolder(value)) fill(value, at, depth + 1);
  };
  fill(value, '', 0);
  return rows;
}

export const isHolder = (value: unknown): value is object => typeof value === 'object' && value !== null;
