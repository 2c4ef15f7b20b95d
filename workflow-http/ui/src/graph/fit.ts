// Which part of a drawing is seen, and how large. What is too high begins at its top.

export interface Size {
  width: number;
  height: number;
}

const EDGE = 24;

/** The smallest that a drawing becomes. */
export const LEAST = 0.1;

/** Text below 60 % can hardly be read, so a first view is rather moved than made smaller. `leastAcross`: where nothing may be cut off at the sides. */
export function fitIn(drawing: Size, pane: Size, least = 0.6, leastAcross = least): { x: number; y: number; zoom: number } {
  const across = (pane.width - 2 * EDGE) / Math.max(1, drawing.width);
  const down = (pane.height - 2 * EDGE) / Math.max(1, drawing.height);
  const zoom = Math.min(1, Math.max(leastAcross, across), Math.max(least, down));
  const left = (pane.width - drawing.width * zoom) / 2;
  const top = (pane.height - drawing.height * zoom) / 2;
  return { x: Math.round(left), y: Math.round(Math.max(EDGE, top)), zoom };
}
