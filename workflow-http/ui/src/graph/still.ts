// In the place of d3-transition and d3-interpolate, which are larger than what draws: this graph never moves by itself.
import { selection } from 'd3-selection';

selection.prototype.interrupt = function <T>(this: T): T {
  return this;
};

export const interrupt = (): void => undefined;
export const interpolate = <T>(_: T, to: T) => (): T => to;
export { interpolate as interpolateZoom };
