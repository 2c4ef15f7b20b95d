// Renders only the visible rows of a long list.
import { useEffect, useLayoutEffect, useState, type RefObject } from 'react';

/** Fewer rows than this are all drawn. */
const MANY = 200;
/** Rows beyond the edge, so that scrolling shows no holes. */
const SPARE = 10;

export interface RowWindow {
  first: number;
  last: number;
  /** Heights of what is left out before and after. */
  before: number;
  after: number;
}

/** Rows are equally high: as `--row` of the box says. */
export function useWindow(box: RefObject<HTMLElement | null>, rows: number, chosen: number): RowWindow {
  const [{ top, height, row }, setSeen] = useState({ top: 0, height: 0, row: 28 });
  useEffect(() => {
    const here = box.current;
    if (!here) return;
    const look = () => setSeen({ top: here.scrollTop, height: here.clientHeight, row: rowOf(here) });
    const resized = new ResizeObserver(look);
    resized.observe(here);
    here.addEventListener('scroll', look, { passive: true });
    return () => {
      resized.disconnect();
      here.removeEventListener('scroll', look);
    };
  }, [box]);
  useLayoutEffect(() => {
    if (box.current && chosen >= 0) keepInView(box.current, chosen);
  }, [box, chosen]);

  if (rows <= MANY) return { first: 0, last: rows, before: 0, after: 0 };
  const first = Math.max(0, Math.floor(top / row) - SPARE);
  const last = Math.min(rows, Math.ceil((top + height) / row) + SPARE);
  return { first, last, before: first * row, after: (rows - last) * row };
}

const rowOf = (box: HTMLElement): number => parseFloat(getComputedStyle(box).getPropertyValue('--row')) || 28;

/** The ruler stays above the rows, so it takes space at the top. */
function keepInView(box: HTMLElement, index: number): void {
  const row = rowOf(box);
  const ruler = box.querySelector<HTMLElement>('.ruler')?.offsetHeight ?? 0;
  const top = index * row;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + row + ruler > box.scrollTop + box.clientHeight) box.scrollTop = top + row + ruler - box.clientHeight;
}
