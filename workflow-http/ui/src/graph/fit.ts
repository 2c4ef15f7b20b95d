// Fits a drawing into a pane. Of a drawing that is too high, the top is shown.

export interface Size {
  width: number;
  height: number;
}

const EDGE = 24;

/** The smallest zoom of a gesture. */
export const LEAST = 0.1;

/** Text below 60 % is hard to read, so a first view does not get smaller. `leastAcross`: the smallest zoom to fit the width. */
export function fitIn(drawing: Size, pane: Size, least = 0.6, leastAcross = least): { x: number; y: number; zoom: number } {
  const across = (pane.width - 2 * EDGE) / Math.max(1, drawing.width);
  const down = (pane.height - 2 * EDGE) / Math.max(1, drawing.height);
  const zoom = Math.min(1, Math.max(leastAcross, across), Math.max(least, down));
  const left = (pane.width - drawing.width * zoom) / 2;
  const top = (pane.height - drawing.height * zoom) / 2;
  return { x: Math.round(left), y: Math.round(Math.max(EDGE, top)), zoom };
}
