// Fits a drawing into a pane. Of a drawing that is too high, the top is shown; of one that is too wide, where it starts.

export interface Size {
  width: number;
  height: number;
}

const EDGE = 24;

/** The smallest zoom of a gesture. */
export const LEAST = 0.1;

export interface Drawing extends Size {
  /** The x at which it starts: the middle of its first card. */
  start?: number;
}

/** Text below 60 % is hard to read, so a first view does not get smaller. `leastAcross`: the smallest zoom to fit the width. */
export function fitIn(drawing: Drawing, pane: Size, least = 0.6, leastAcross = least): { x: number; y: number; zoom: number } {
  const across = (pane.width - 2 * EDGE) / Math.max(1, drawing.width);
  const down = (pane.height - 2 * EDGE) / Math.max(1, drawing.height);
  const zoom = Math.min(1, Math.max(leastAcross, across), Math.max(least, down));
  const rest = pane.width - drawing.width * zoom;
  const wanted = drawing.start === undefined ? rest / 2 : pane.width / 2 - drawing.start * zoom;
  const left = rest < 2 * EDGE ? Math.min(EDGE, Math.max(rest - EDGE, wanted)) : rest / 2;
  const top = (pane.height - drawing.height * zoom) / 2;
  return { x: Math.round(left), y: Math.round(Math.max(EDGE, top)), zoom };
}
