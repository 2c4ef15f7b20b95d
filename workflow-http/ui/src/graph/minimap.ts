// The geometry of the minimap.
import type { Size } from './fit';
import type { Point, View } from './viewport';

const MAP: Size = { width: 176, height: 120 };
/** A drawing that is only a line is stretched across to this. */
const LEAST = 20;

export interface MapScale extends Size {
  /** Pixels of the map for one of the drawing, across and down. */
  x: number;
  y: number;
}

/** As large as fits, with the shape of the drawing as far as it can be seen. */
export function mapScaleOf({ width, height }: Size): MapScale {
  const same = Math.min(MAP.width / Math.max(1, width), MAP.height / Math.max(1, height));
  const x = Math.min(MAP.width / Math.max(1, width), Math.max(same, LEAST / Math.max(1, width)));
  const y = Math.min(MAP.height / Math.max(1, height), Math.max(same, LEAST / Math.max(1, height)));
  return { x, y, width: Math.round(width * x), height: Math.round(height * y) };
}

export interface Frame extends Size {
  left: number;
  top: number;
}

/** What the pane shows, in the map. */
export function frameOf(view: View, pane: Size, scale: MapScale): Frame {
  const cut = (from: number, to: number, end: number): [number, number] => [Math.min(end, Math.max(0, from)), Math.max(0, Math.min(end, to))];
  const [left, right] = cut((-view.x / view.zoom) * scale.x, ((pane.width - view.x) / view.zoom) * scale.x, scale.width);
  const [top, bottom] = cut((-view.y / view.zoom) * scale.y, ((pane.height - view.y) / view.zoom) * scale.y, scale.height);
  return { left, top, width: right - left, height: bottom - top };
}

/** The point of the drawing that is under a point of the map. */
export const pointAt = ({ x, y }: Point, scale: MapScale): Point => ({ x: x / scale.x, y: y / scale.y });
