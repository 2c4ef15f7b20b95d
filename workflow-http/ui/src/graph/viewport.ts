// Which part of the drawing is shown. It is moved by dragging, the wheel, a trackpad and one or two fingers, outside React:
// a gesture changes one style of one element and renders nothing.
import { fitIn, LEAST, type Size } from './fit';

export interface Point {
  x: number;
  y: number;
}

/** A point `p` of the drawing is shown at `x + p.x * zoom`, in pixels of the pane. */
export interface View extends Point {
  zoom: number;
}

const MOST = 1.5;
/** A press that moves less than this is a click. */
const CLICK = 4;
/** A notch of a mouse wheel, which browsers count in pixels or in lines. */
const LINE = 20;
const NOTCH = 50;
/** Below this zoom the text of a card cannot be read. */
const FAR = 0.45;
/** The area that is reported grows by these steps, so that a small movement changes nothing. */
const STEP = 240;

/** Scales the view by `factor` and moves the point at `from` to `to`. */
export function moved(view: View, from: Point, to: Point, factor = 1): View {
  // What was fitted smaller than the smallest zoom does not jump.
  const zoom = Math.min(MOST, Math.max(Math.min(LEAST, view.zoom), view.zoom * factor));
  const scale = zoom / view.zoom;
  return { zoom, x: to.x - (from.x - view.x) * scale, y: to.y - (from.y - view.y) * scale };
}

export class Viewport {
  view: View = { x: 0, y: 0, zoom: 1 };
  size: Size = { width: 0, height: 0 };
  /** The whole drawing was asked for and not moved since. Then it is fitted again when its size or that of the pane changes. */
  isFitted = false;
  /** Called when a person moves the drawing. */
  onGesture: () => void = () => undefined;
  #drawing: HTMLElement | null = null;
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  show(view: View): void {
    this.view = view;
    this.#changed();
  }

  /** Zooms around the middle of the pane, for a person. */
  zoomBy(factor: number): void {
    const middle = { x: this.size.width / 2, y: this.size.height / 2 };
    this.#gesture(middle, middle, factor);
  }

  /** Shows the whole drawing, for a person. */
  fit(drawing: Size): void {
    this.onGesture();
    this.isFitted = true;
    this.show(fitIn(drawing, this.size, 0));
  }

  /** Shows a point of the drawing in the middle, for a person. */
  centre({ x, y }: Point, zoom = this.view.zoom): void {
    this.isFitted = false;
    this.onGesture();
    this.show({ zoom, x: this.size.width / 2 - x * zoom, y: this.size.height / 2 - y * zoom });
  }

  /** The sides of the area in sight, rounded up, in the coordinates of the drawing: `left top right bottom`. */
  readonly areaShown = (): string => {
    const { x, y, zoom } = this.view;
    const sides = [-x, -y, this.size.width - x, this.size.height - y].map((side) => side / zoom / STEP);
    return sides.map((side, index) => STEP * (index < 2 ? Math.floor(side) : Math.ceil(side))).join(' ');
  };

  /** Follows gestures in the pane until the result is called. The drawing is an element in it. */
  readonly attach = (pane: HTMLElement | null): (() => void) | undefined => {
    if (!pane) return undefined;
    this.#drawing = pane.firstElementChild as HTMLElement;
    const measure = () => {
      // A pane that is hidden keeps the size that it had.
      if (pane.clientWidth > 0) this.size = { width: pane.clientWidth, height: pane.clientHeight };
      this.#changed();
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(pane);
    const left = new AbortController();
    this.#followWheel(pane, left.signal);
    this.#followPointers(pane, left.signal);
    return () => {
      observer.disconnect();
      left.abort();
    };
  };

  #changed(): void {
    const { x, y, zoom } = this.view;
    if (this.#drawing) {
      this.#drawing.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
      this.#drawing.toggleAttribute('data-far', zoom < FAR);
    }
    for (const listener of this.#listeners) listener();
  }

  #gesture(from: Point, to: Point, factor = 1): void {
    this.isFitted = false;
    this.onGesture();
    this.show(moved(this.view, from, to, factor));
  }

  /** The wheel moves the drawing. With Ctrl it zooms: browsers report the pinch of a trackpad like that. */
  #followWheel(pane: HTMLElement, signal: AbortSignal): void {
    const turn = (event: WheelEvent) => {
      event.preventDefault();
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE;
      const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
      const at = placeIn(pane, event);
      if (event.ctrlKey || event.metaKey) this.#gesture(at, at, 2 ** (-Math.max(-NOTCH, Math.min(NOTCH, dy)) / 100));
      else if (event.shiftKey && dx === 0) this.#gesture(at, { x: at.x - dy, y: at.y });
      else this.#gesture(at, { x: at.x - dx, y: at.y - dy });
    };
    pane.addEventListener('wheel', turn, { signal, passive: false });
  }

  /** One pointer drags; two zoom by the distance between them. */
  #followPointers(pane: HTMLElement, signal: AbortSignal): void {
    const pointers = new Map<number, Point>();
    let start: Point = { x: 0, y: 0 };
    let isDragging = false;
    const down = (event: PointerEvent) => {
      if (event.button > 1 || pointers.size === 2) return;
      pointers.set(event.pointerId, placeIn(pane, event));
      if (pointers.size > 1) return;
      start = placeIn(pane, event);
      isDragging = false;
    };
    const move = (event: PointerEvent) => {
      // A button that was released outside the pane is not reported.
      if (event.buttons === 0) pointers.delete(event.pointerId);
      const from = pointers.get(event.pointerId);
      if (!from) return;
      const to = placeIn(pane, event);
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (!isDragging && !other && distance(start, to) < CLICK) return;
      if (!isDragging) for (const id of pointers.keys()) pane.setPointerCapture(id);
      isDragging = true;
      pointers.set(event.pointerId, to);
      if (other) this.#gesture(between(from, other), between(to, other), distance(to, other) / Math.max(1, distance(from, other)));
      else this.#gesture(from, to);
    };
    const up = (event: PointerEvent) => pointers.delete(event.pointerId);
    // The end of a drag is not a click on the card under it.
    const click = (event: MouseEvent) => {
      if (isDragging && event.detail > 0) event.stopPropagation();
    };
    pane.addEventListener('pointerdown', down, { signal });
    pane.addEventListener('pointermove', move, { signal });
    pane.addEventListener('pointerup', up, { signal });
    pane.addEventListener('pointercancel', up, { signal });
    pane.addEventListener('click', click, { signal, capture: true });
  }
}

const distance = (one: Point, other: Point): number => Math.hypot(one.x - other.x, one.y - other.y);

const between = (one: Point, other: Point): Point => ({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });

function placeIn(pane: HTMLElement, { clientX, clientY }: MouseEvent): Point {
  const { left, top } = pane.getBoundingClientRect();
  return { x: clientX - left, y: clientY - top };
}
