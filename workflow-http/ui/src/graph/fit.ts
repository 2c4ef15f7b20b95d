// Which part of a drawing is seen, and how large. What is too high begins at its top; nothing is cut off at its sides.

export interface Size {
  width: number;
  height: number;
}

const EDGE = 24;

/** The smallest that a drawing becomes. */
export const LEAST = 0.1;

/** `least`: text below 60 % can hardly be read, so a first view is rather moved than made smaller, as long as it is not too wide. */
export function fitIn(drawing: Size, pane: Size, least = 0.6): { x: number; y: number; zoom: number } {
  const across = (pane.width - 2 * EDGE) / Math.max(1, drawing.width);
  const down = (pane.height - 2 * EDGE) / Math.max(1, drawing.height);
  const zoom = Math.min(1, Math.max(LEAST, Math.min(across, Math.max(least, down))));
  const left = (pane.width - drawing.width * zoom) / 2;
  const top = (pane.height - drawing.height * zoom) / 2;
  return { x: Math.round(left), y: Math.round(Math.max(EDGE, top)), zoom };
}
