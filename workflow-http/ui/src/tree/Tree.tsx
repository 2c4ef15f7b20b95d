// A JSON value as a tree: objects and arrays open and close by mouse and arrow keys.
import './tree.css';
import { useId, useMemo, useState } from 'react';
import { own } from '../base/ownProperty';
import { Icon } from '../parts/Icon';
import { plural } from '../base/format';
import { rowsOf, type Opened, type TreeRow } from './rows';

/** Longer text is shown below its name. */
const SHORT = 60;
/** Of a longer one this much is shown. */
const LONG = 5000;

interface Props {
  value: object;
  label: string;
  /** Its strings are the text of a model. */
  isSpoken?: boolean;
}

export function Tree({ value, label, isSpoken = false }: Props) {
  const id = useId();
  const [opened, setOpened] = useState<Opened>(new Map());
  const [pages, setPages] = useState<ReadonlyMap<string, number>>(new Map());
  const [active, setActive] = useState(0);
  const rows = useMemo(() => rowsOf(value, opened, pages), [value, opened, pages]);
  const here = Math.min(active, rows.length - 1);

  const toggle = (row: TreeRow, isOpen = !row.isOpen) => {
    if (row.more !== undefined) setPages(new Map(pages).set(row.at, (pages.get(row.at) ?? 1) + 1));
    else if (row.size) setOpened(new Map(opened).set(row.at, isOpen));
  };
  const move = (event: React.KeyboardEvent<HTMLElement>) => {
    const row = rows[here];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = {
      ArrowDown: () => setActive(Math.min(here + 1, rows.length - 1)),
      ArrowUp: () => setActive(Math.max(here - 1, 0)),
      Home: () => setActive(0),
      End: () => setActive(rows.length - 1),
      ArrowRight: () => (row.isOpen ? setActive(Math.min(here + 1, rows.length - 1)) : toggle(row, true)),
      ArrowLeft: () => (row.isOpen ? toggle(row, false) : setActive(outerOf(rows, here))),
      Enter: () => toggle(row),
      ' ': () => toggle(row),
    };
    const act = own(keys, event.key) as (() => void) | undefined;
    if (!act) return;
    event.preventDefault();
    act();
  };

  if (rows.length === 0) return <p className="font-code text-meta text-ink-3">{Array.isArray(value) ? '[]' : '{}'}</p>;
  return (
    <div role="tree" aria-label={label} tabIndex={0} className="tree" aria-activedescendant={`${id}${here}`} onKeyDown={move}>
      {rows.map((row, index) => (
        <div
          key={`${row.at} ${row.more ?? ''}`}
          id={`${id}${index}`}
          role="treeitem"
          aria-level={row.depth + 1}
          aria-selected={index === here}
          aria-expanded={row.size ? row.isOpen : undefined}
          style={{ '--depth': Math.min(row.depth, 12) } as React.CSSProperties}
          onClick={() => {
            setActive(index);
            toggle(row);
          }}
        >
          <Content row={row} isSpoken={isSpoken} />
        </div>
      ))}
    </div>
  );
}

function Content({ row, isSpoken }: { row: TreeRow; isSpoken: boolean }) {
  const { name, value, size, isOpen, more } = row;
  if (more !== undefined) return <span className="tree-more">Show more of {plural(more, 'other')}</span>;
  if (size !== undefined) {
    return (
      <>
        {size > 0 && <Icon name="chev" size={14} className={isOpen ? 'rotate-90' : ''} />}
        <span className="tree-name">{name}</span> <span className="tree-size">{sizeWords(value, size)}</span>
      </>
    );
  }
  if (typeof value === 'string' && (value.length > SHORT || value.includes('\n'))) {
    return (
      <>
        <span className="tree-name">{name}</span>
        <span className={`tree-text ${isSpoken ? 'spoken small' : 'whitespace-pre-wrap'}`} dir="auto">
          {value.length > LONG ? `${value.slice(0, LONG)}…` : value}
        </span>
      </>
    );
  }
  return (
    <>
      <span className="tree-name">{name}</span>{' '}
      <span className={typeof value === 'string' ? 'tree-string' : 'tree-other'} dir="auto">
        {JSON.stringify(value)}
      </span>
    </>
  );
}

const sizeWords = (value: unknown, size: number): string => {
  if (size === 0) return Array.isArray(value) ? '[]' : '{}';
  return Array.isArray(value) ? plural(size, 'item') : plural(size, 'field');
};

/** The row that contains the row at `index`. */
function outerOf(rows: TreeRow[], index: number): number {
  const { depth } = rows[index]!;
  const outer = rows.findLastIndex((row, at) => at < index && row.depth < depth);
  return outer < 0 ? index : outer;
}
