// The panes below the workflow: timeline, log and faults.
import { useRef, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react';
import type { Fix } from '../editor/fix';
import { Faults } from '../panes/Faults';
import { Log } from '../panes/Log';
import { Choice } from '../parts/Choice';
import { Timeline } from '../timeline/Timeline';
import { stepOf } from '../base/useKeys';
import { LEAST, type DockPane, type DockState } from './useDock';

const WORDS = { timeline: 'Timeline', log: 'Log', faults: 'Faults' } as const;

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
      {shown.map((pane) => panes[pane])}
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
