// Which panes are below the workflow, and how high they are.
import { useCallback, useState, type CSSProperties } from 'react';
import { readStored, writeStored } from '../base/storage';
import { useSession } from '../session/session';
import { useMedia } from './useView';

export type DockPane = 'timeline' | 'log' | 'faults';

export interface DockState {
  /** The panes that are drawn, from left to right. */
  shown: DockPane[];
  /** Panes that are shown one at a time, by tabs. */
  choices: DockPane[];
  setPane: (pane: DockPane) => void;
  style: CSSProperties;
  /** In pixels, as far as that is known. */
  height: number;
  resize: (height: number) => void;
}

const KEY = 'workflow-dock';
const ROW = 28;
export const LEAST = 96;
const MOST = 0.7;

/** Which panes are shown: two where there is space for two. */
export function useDock(hasRoom: boolean): DockState {
  const hasRun = useSession(({ view }) => view.run !== null);
  const marks = useSession(({ text: { check } }) => check.faults.length + check.warnings.length);
  const rows = useSession(({ view: { run } }) => (run ? run.order.filter((path) => run.steps.get(path)!.depth === 0).length : marks * 2));
  const [picked, setPicked] = useState<DockPane | null>(null);
  const [height, setHeight] = useState(readHeight);
  const hasFaults = marks > 0;
  // Tabs at the left; the log is at the right where there is space.
  const choices: DockPane[] = [];
  if (hasRun) choices.push('timeline');
  if (hasRun && !hasRoom) choices.push('log');
  if (hasFaults) choices.push('faults');
  const first = picked && choices.includes(picked) ? picked : hasFaults ? 'faults' : choices[0];
  const shown: DockPane[] = first ? [first] : [];
  if (hasRun && hasRoom) shown.push('log');
  const isPhone = !useMedia('(width >= 761px)');

  const resize = useCallback((next: number) => {
    const bounded = Math.round(Math.min(Math.max(next, LEAST), innerHeight * MOST));
    setHeight(bounded);
    writeStored('localStorage', KEY, String(bounded));
  }, []);

  const most = hasRoom && innerWidth >= 1400 ? 40 : 34;
  const isThere = shown.length > 0;
  const asRows = 64 + rows * ROW;
  const dock = !isThere ? '0px' : height === null ? `clamp(24vh, ${asRows}px, ${most}vh)` : `${height}px`;
  return {
    shown: isPhone ? ['timeline', 'log', 'faults'] : shown,
    choices,
    setPane: setPicked,
    style: { '--dock': dock } as CSSProperties,
    height: height ?? asRows,
    resize,
  };
}

const readHeight = (): number | null => Number(readStored('localStorage', KEY)) || null;
