// Which part of a drawing is seen, and how large. Text below 85 % cannot be read: such a drawing is moved instead.

export interface Size {
  width: number;
  height: number;
}

const EDGE = 24;

export function fitIn(drawing: Size, pane: Size, least = 0.85): { x: number; y: number; zoom: number } {
  const room = Math.min((pane.width - 2 * EDGE) / Math.max(1, drawing.width), (pane.height - 2 * EDGE) / Math.max(1, drawing.height));
  const zoom = Math.min(1, Math.max(least, room));
  const left = (pane.width - drawing.width * zoom) / 2;
  const top = (pane.height - drawing.height * zoom) / 2;
  // What is too high begins at its top.
  return { x: Math.round(left), y: Math.round(Math.max(EDGE, top)), zoom };
}
