import { expect, it } from 'vitest';
import { frameOf, mapScaleOf, pointAt } from './minimap';

const pane = { width: 800, height: 600 };

it('has the shape of the drawing, and a line is still seen', () => {
  const fan = mapScaleOf({ width: 3200, height: 2000 });
  expect(fan.x).toBe(fan.y);
  expect(fan.width).toBeLessThanOrEqual(176);
  expect(fan.height).toBeLessThanOrEqual(120);
  const chain = mapScaleOf({ width: 192, height: 27_600 });
  expect([chain.width, chain.height]).toEqual([20, 120]);
});

it('frames what the pane shows, and no more than there is', () => {
  const scale = mapScaleOf({ width: 1760, height: 1200 });
  expect(frameOf({ x: 0, y: 0, zoom: 1 }, pane, scale)).toEqual({ left: 0, top: 0, width: 80, height: 60 });
  expect(frameOf({ x: -960, y: -600, zoom: 1 }, pane, scale)).toEqual({ left: 96, top: 60, width: 80, height: 60 });
  expect(frameOf({ x: 100, y: 100, zoom: 0.1 }, pane, scale)).toEqual({ left: 0, top: 0, width: 176, height: 120 });
});

it('a point of the map is a point of the drawing', () => {
  expect(pointAt({ x: 88, y: 60 }, mapScaleOf({ width: 1760, height: 1200 }))).toEqual({ x: 880, y: 600 });
});
