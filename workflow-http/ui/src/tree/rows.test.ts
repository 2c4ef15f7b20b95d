import { expect, it } from 'vitest';
import { PAGE, rowsOf, type Opened } from './rows';

const names = (value: object, opened: Opened = new Map(), pages: ReadonlyMap<string, number> = new Map()) =>
  rowsOf(value, opened, pages).map(({ at, more }) => (more === undefined ? at : `${at} +${more}`));

it('has a row for each value, and opens what is small and near', () => {
  expect(names({ a: 1, b: { c: [true, { d: { e: 1 } }] } })).toEqual(['/a', '/b', '/b/c', '/b/c/0', '/b/c/1']);
  expect(names({ many: Array.from({ length: 31 }, () => 0) })).toEqual(['/many']);
});

it('opens and closes what someone wants', () => {
  expect(names({ a: { b: 1 } }, new Map([['/a', false]]))).toEqual(['/a']);
  expect(names({ a: { b: { c: { d: 1 } } } }, new Map([['/a/b/c', true]]))).toEqual(['/a', '/a/b', '/a/b/c', '/a/b/c/d']);
});

it('shows very many a page at a time', () => {
  const many = Array.from({ length: 2.5 * PAGE }, (_, index) => index);
  expect(names(many)).toHaveLength(PAGE + 1);
  expect(names(many).at(-1)).toBe(` +${1.5 * PAGE}`);
  expect(names(many, new Map(), new Map([['', 2]])).at(-1)).toBe(` +${PAGE / 2}`);
  expect(names(many, new Map(), new Map([['', 3]]))).toHaveLength(2.5 * PAGE);
});

it('separates names that look like paths', () => {
  expect(names({ 'a/b': 1, 'a~b': 2 })).toEqual(['/a~1b', '/a~0b']);
});

it('says what is empty', () => {
  expect(rowsOf({ a: {}, b: [] }, new Map(), new Map()).map(({ size, isOpen }) => [size, isOpen])).toEqual([
    [0, false],
    [0, false],
  ]);
});
