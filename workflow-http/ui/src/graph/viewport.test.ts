import { expect, it } from 'vitest';
import { LEAST } from './fit';
import { moved, type Point, type View, Viewport } from './viewport';

const shownAt = ({ x, y, zoom }: View, point: Point): Point => ({ x: x + point.x * zoom, y: y + point.y * zoom });

it('a drag moves the drawing as far as the pointer', () => {
  expect(moved({ x: 10, y: 20, zoom: 0.5 }, { x: 100, y: 100 }, { x: 130, y: 90 })).toEqual({ x: 40, y: 10, zoom: 0.5 });
});

it('what is under the fingers stays under the fingers while they part and move', () => {
  const before = { x: 10, y: 20, zoom: 0.5 };
  const after = moved(before, { x: 110, y: 120 }, { x: 150, y: 100 }, 2);
  expect(after.zoom).toBe(1);
  expect(shownAt(before, { x: 200, y: 200 })).toEqual({ x: 110, y: 120 });
  expect(shownAt(after, { x: 200, y: 200 })).toEqual({ x: 150, y: 100 });
});

it.each([
  ['a tenth', 0.001, LEAST],
  ['one and a half', 1000, 1.5],
])('zooming ends at %s, and the point under the pointer stays there', (_, factor, zoom) => {
  const at = { x: 100, y: 50 };
  const after = moved({ x: 0, y: 0, zoom: 1 }, at, at, factor);
  expect(after.zoom).toBe(zoom);
  expect(shownAt(after, at).x).toBeCloseTo(at.x);
  expect(shownAt(after, at).y).toBeCloseTo(at.y);
});

it('the buttons zoom around the middle of the pane', () => {
  const viewport = new Viewport();
  viewport.size = { width: 400, height: 200 };
  viewport.zoomBy(1 / 2);
  expect(viewport.view).toEqual({ x: 100, y: 50, zoom: 0.5 });
});

it('a drawing of any size is fitted, until a person moves it, and does not jump when it is', () => {
  const viewport = new Viewport();
  viewport.size = { width: 400, height: 200 };
  viewport.fit({ width: 200, height: 50_000 });
  expect([viewport.isFitted, viewport.view.zoom < 0.01]).toEqual([true, true]);
  const { zoom } = viewport.view;
  viewport.zoomBy(1 / 2);
  expect([viewport.isFitted, viewport.view.zoom]).toEqual([false, zoom]);
});

it('a point is shown in the middle', () => {
  const viewport = new Viewport();
  viewport.size = { width: 400, height: 200 };
  viewport.centre({ x: 1000, y: 500 }, 0.5);
  expect(shownAt(viewport.view, { x: 1000, y: 500 })).toEqual({ x: 200, y: 100 });
});

it('a small movement leaves the area the same, a large one does not, and the area holds all that is in sight', () => {
  const viewport = new Viewport();
  viewport.size = { width: 400, height: 200 };
  viewport.show({ x: -100, y: -100, zoom: 1 });
  const area = viewport.areaShown();
  const [left, top, right, bottom] = area.split(' ').map(Number) as [number, number, number, number];
  expect([left <= 100, top <= 100, right >= 500, bottom >= 300]).toEqual([true, true, true, true]);
  viewport.show({ x: -110, y: -110, zoom: 1 });
  expect(viewport.areaShown()).toBe(area);
  viewport.show({ x: -1000, y: -100, zoom: 1 });
  expect(viewport.areaShown()).not.toBe(area);
});
