// Below the workflow: when it happened, what happened, and what is wrong with the text.
import { Suspense, useCallback, useRef, useState, type CSSProperties, type KeyboardEvent, type PointerEvent } from 'react';
import { Choice } from '../parts/Choice';
import { soon } from '../parts/soon';
import type { LogLine } from '../run/log';
import type { Session } from '../useSession';
import { useMedia } from '../useView';

const Log = soon(import('../panes/Log').then(({ Log }) => Log));
const Faults = soon(import('../panes/Faults').then(({ Faults }) => Faults));

export type DockPane = 'log' | 'faults';

const WORDS = { log: 'Log', faults: 'Faults' } as const;

export interface DockState {
  /** The panes that are drawn, from left to right. */
  shown: DockPane[];
  /** Those that take turns. */
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

/** Two panes where there is room for two. */
export function useDock({ run, check }: Session, hasRoom: boolean): DockState {
  const [picked, setPicked] = useState<DockPane | null>(null);
  const [height, setHeight] = useState(readHeight);
  const hasFaults = check.faults.length + check.warnings.length > 0;
  // What takes turns at the left; the log keeps the right where there is room.
  const choices: DockPane[] = [];
  if (run && !hasRoom) choices.push('log');
  if (hasFaults) choices.push('faults');
  const first = picked && choices.includes(picked) ? picked : (choices.at(-1) ?? null);
  const shown: DockPane[] = first ? [first] : [];
  if (run && hasRoom) shown.push('log');
  const isPhone = !useMedia('(width >= 761px)');

  const resize = useCallback((next: number) => {
    const bounded = Math.round(Math.min(Math.max(next, LEAST), innerHeight * MOST));
    setHeight(bounded);
    try {
      localStorage.setItem(KEY, String(bounded));
    } catch {
      // Storage can be forbidden; the height then lasts as long as the page.
    }
  }, []);

  const rows = run ? run.order.filter((path) => run.steps[path]!.depth === 0).length : check.faults.length * 2;
  const most = hasRoom && innerWidth >= 1400 ? 40 : 34;
  const isThere = shown.length > 0;
  const asRows = 64 + rows * ROW;
  const dock = !isThere ? '0px' : height === null ? `clamp(24vh, ${asRows}px, ${most}vh)` : `${height}px`;
  return { shown: isPhone ? ['log', 'faults'] : shown, choices, setPane: setPicked, style: { '--dock': dock } as CSSProperties, height: height ?? asRows, resize };
}

function readHeight(): number | null {
  try {
    return Number(localStorage.getItem(KEY)) || null;
  } catch {
    return null;
  }
}

interface Props {
  dock: DockState;
  session: Session;
  lines: LogLine[];
  onChoose: (path: string) => void;
  onGoTo: (at: number) => void;
}

export function Dock({ dock, session, lines, onChoose, onGoTo }: Props) {
  const { shown, choices, setPane, height, resize } = dock;
  const { check } = session;
  if (shown.length === 0) return null;
  return (
    <div className={`pane-dock dock ${shown.length > 1 ? 'two' : ''}`}>
      <Divider height={height} onResize={resize} />
      {choices.length > 1 && (
        <div className="absolute top-[5px] left-2.5 z-2 hidden bg-panel desk:block">
          <Choice label="Below the workflow" options={choices.map((value) => ({ value, word: WORDS[value] }))} value={shown[0]!} onChange={setPane} />
        </div>
      )}
      <Suspense fallback={null}>
        {shown.map((pane) =>
          pane === 'faults' ? (
            <Faults key={pane} faults={check.faults} warnings={check.warnings} onGoTo={onGoTo} />
          ) : (
            <Log key={pane} lines={lines} onChoose={onChoose} />
          ),
        )}
      </Suspense>
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
    const by = { ArrowUp: 24, ArrowDown: -24 }[event.key];
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
