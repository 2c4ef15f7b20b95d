import { expect, it } from 'vitest';
import { fitIn } from './fit';

const pane = { width: 848, height: 548 };

it('what is small stands in the middle, as large as it is', () => {
  expect(fitIn({ width: 200, height: 100 }, pane)).toEqual({ zoom: 1, x: 324, y: 224 });
});

it('what is a little too large is made smaller', () => {
  expect(fitIn({ width: 888.8, height: 100 }, pane).zoom).toBeCloseTo(0.9, 2);
});

it('what is much too large can still be read, from its top', () => {
  expect(fitIn({ width: 200, height: 5000 }, pane)).toMatchObject({ zoom: 0.85, y: 24 });
});

it('all of it is seen if that is asked for', () => {
  expect(fitIn({ width: 200, height: 1000 }, pane, 0.25).zoom).toBe(0.5);
});
