// The panes below the workflow: timeline, log and faults.
import { Suspense, useCallback, useRef, useState, type CSSProperties, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react';
import { readStored, writeStored } from '../base/storage';
import type { Fix } from '../editor/fix';
import { Faults, Log, Timeline } from '../lazyPanes';
import { Choice } from '../parts/Choice';
import { useSession } from '../session/session';
import { stepOf } from '../base/useKeys';
import { useMedia } from './useView';

export type DockPane = 'timeline' | 'log' | 'faults';

const WORDS = { timeline: 'Timeline', log: 'Log', faults: 'Faults' } as const;

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
const [LEAST, MOST] = [96, 0.7];

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

interface Props {
  dock: DockState;
  /** Chooses a step and goes to where it is shown. */
  onShow: (path: string) => void;
  onGoTo: (at: number) => void;
  onFix: (fixes: Fix[]) => void;
}

export function Dock({ dock, onShow, onGoTo, onFix }: Props) {
  const { shown, choices, setPane, height, resize } = dock;
  if (shown.length === 0) return null;
  const panes: Record<DockPane, ReactNode> = {
    timeline: <Timeline key="timeline" />,
    log: <Log key="log" onChoose={onShow} />,
    faults: <Faults key="faults" onGoTo={onGoTo} onFix={onFix} />,
  };
  return (
    <div className={`pane-dock dock ${shown.length > 1 ? 'two' : ''}`}>
      <Divider height={height} onResize={resize} />
      {choices.length > 1 && (
        <div className="absolute top-[5px] left-2.5 z-2 hidden bg-panel desk:block">
          <Choice label="Below the workflow" options={choices.map((value) => ({ value, word: WORDS[value] }))} value={shown[0]!} onChange={setPane} />
        </div>
      )}
      <Suspense fallback={null}>{shown.map((pane) => panes[pane])}</Suspense>
    </div>
  );
}

/** The upper edge: dragged, or moved by arrow keys. */
function Divider({ height, onResize }: { height: number; onResize: (height: number) => void }) {
  const from = useRef<number | null>(null);
  const heightOf = (element: Element) => element.parentElement!.getBoundingClientRect();
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    if (from.current !== null) onResize(heightOf(event.currentTarget).bottom - event.clientY);
  };
  const press = (event: KeyboardEvent<HTMLDivElement>) => {
    const by = -24 * stepOf(event.key);
    if (!by) return;
    event.preventDefault();
    onResize(heightOf(event.currentTarget).height + by);
  };
  return (
    <div
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the panes below"
      aria-valuenow={height}
      aria-valuemin={LEAST}
      tabIndex={0}
      className="absolute inset-x-0 -top-1 z-3 hidden h-2 cursor-row-resize touch-none desk:block"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = event.clientY;
      }}
      onPointerMove={drag}
      onPointerUp={() => (from.current = null)}
      onKeyDown={press}
    />
  );
}
