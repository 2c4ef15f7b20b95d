import { expect, it } from 'vitest';
import { fitIn, LEAST } from './fit';

const pane = { width: 848, height: 548 };

it('what is small stands in the middle, as large as it is', () => {
  expect(fitIn({ width: 200, height: 100 }, pane)).toEqual({ zoom: 1, x: 324, y: 224 });
});

it('what is a little too large is made smaller', () => {
  expect(fitIn({ width: 888.8, height: 100 }, pane).zoom).toBeCloseTo(0.9, 2);
});

it('what is much too high can still be read, from its top', () => {
  expect(fitIn({ width: 200, height: 5000 }, pane)).toMatchObject({ zoom: 0.6, y: 24 });
});

it('what is much too wide is shown where it starts, and no further than its sides', () => {
  const wide = { width: 5000, height: 200 };
  expect(fitIn({ ...wide, start: 100 }, pane).x).toBe(24);
  expect(fitIn({ ...wide, start: 2500 }, pane).x).toBe(fitIn(wide, pane).x);
  expect(fitIn({ ...wide, start: 4900 }, pane).x).toBe(848 - 24 - 3000);
});

it('what is much too wide can still be read', () => expect(fitIn({ width: 5000, height: 200 }, pane).zoom).toBe(0.6));

it.each([1000, 2000, 6000])('what is %s wide is not cut off at its sides beside the text', (width) => {
  const { x, zoom } = fitIn({ width, height: 5000 }, pane, 0.6, LEAST);
  expect(x).toBeGreaterThanOrEqual(23);
  expect(x + width * zoom).toBeLessThanOrEqual(pane.width - 23);
});

it('all of it is seen if that is asked for, down to a tenth', () => {
  expect(fitIn({ width: 200, height: 1000 }, pane, LEAST).zoom).toBe(0.5);
  const { y, zoom } = fitIn({ width: 200, height: 4500 }, pane, LEAST);
  expect(y + 4500 * zoom).toBeLessThanOrEqual(pane.height);
  expect(fitIn({ width: 200, height: 50_000 }, pane, LEAST).zoom).toBe(0.1);
});
