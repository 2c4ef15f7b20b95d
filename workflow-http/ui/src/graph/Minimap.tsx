// The whole drawing, small: the state of each card as a colour, and a frame around what the pane shows. A pointer moves the frame.
// It is hidden from assistive technology: the keys, the search and the list reach every step.
import { useEffect, useMemo, useRef } from 'react';
import type { Layout, Placed } from './layout';
import { frameOf, mapScaleOf, pointAt, type MapScale } from './minimap';
import { stateOf, useScene } from './scene';
import type { Viewport } from './viewport';

export function Minimap({ layout, viewport, chosen }: { layout: Layout; viewport: Viewport; chosen: string | undefined }) {
  const scale = useMemo(() => mapScaleOf(layout), [layout]);
  // A string, so that it compares equal as long as no step changes its state.
  const states = useScene((scene) =>
    layout.placed.map(({ card: { path } }) => (isDim(scene.found, path) ? 'dim' : (stateOf(scene, path) ?? 'none'))).join(' '),
  );
  const shapes = useMemo(() => shapesOf(layout.placed, states.split(' '), scale), [layout, states, scale]);
  const here = layout.placed.find(({ card }) => card.path === chosen);
  const map = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLElement>(null);
  // Outside React, as the drawing itself: a gesture sets one style.
  useEffect(() => {
    const draw = () => {
      const { left, top, width, height } = frameOf(viewport.view, viewport.size, scale);
      if (frame.current) Object.assign(frame.current.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    };
    draw();
    return viewport.subscribe(draw);
  }, [viewport, scale]);
  const move = (event: React.PointerEvent) => {
    const { left, top } = map.current!.getBoundingClientRect();
    viewport.centre(pointAt({ x: event.clientX - left, y: event.clientY - top }, scale));
  };
  return (
    <div
      aria-hidden="true"
      className="minimap"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        move(event);
      }}
      onPointerMove={(event) => event.buttons > 0 && move(event)}
    >
      <div ref={map} className="relative" style={{ width: scale.width, height: scale.height }}>
        <svg aria-hidden="true" width={scale.width} height={scale.height}>
          {shapes.map(([state, shape]) => (
            <path key={state} data-state={state} d={shape} />
          ))}
          {here && <path className="here" d={shapeOf(here, scale)} />}
        </svg>
        <i ref={frame} className="minimap-frame" />
      </div>
    </div>
  );
}

const isDim = (found: ReadonlySet<string> | null, path: string): boolean => found !== null && !found.has(path);

/** One shape for all cards in a state: containers first, since what is in them is drawn on them. */
function shapesOf(placed: Placed[], states: string[], scale: MapScale): [state: string, shape: string][] {
  const shapes = new Map<string, string>();
  for (const [index, one] of placed.entries()) {
    const state = one.isOpen ? 'box' : states[index]!;
    shapes.set(state, (shapes.get(state) ?? '') + shapeOf(one, scale));
  }
  return [...shapes].sort(([one], [other]) => Number(other === 'box') - Number(one === 'box'));
}

function shapeOf({ x, y, top, width, height }: Placed, scale: MapScale): string {
  const wide = Math.max(1.5, width * scale.x);
  return `M${(x * scale.x).toFixed(1)} ${((y + top) * scale.y).toFixed(1)}h${wide.toFixed(1)}v${Math.max(1, (height - top) * scale.y).toFixed(1)}h${(-wide).toFixed(1)}z`;
}
