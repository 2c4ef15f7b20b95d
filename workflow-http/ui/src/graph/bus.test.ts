import { expect, it } from 'vitest';
import { busesOf, type Edge } from './bus';

const edges = (...written: string[]): Edge[] => written.map((edge) => ({ from: edge[0]!, to: edge[1]! }));

it('steps that are needed by the same steps share a bus', () => {
  const busOf = busesOf(edges('ac', 'ad', 'bd', 'bc'));
  expect(busOf('a')).toBe(busOf('b'));
});

it('steps that share only some of what needs them do not: the bus would show edges that do not exist', () => {
  const busOf = busesOf(edges('ac', 'ad', 'bd'));
  expect(busOf('a')).not.toBe(busOf('b'));
});
