import { expect, it } from 'vitest';
import { dayOf } from './days';

const now = new Date(2026, 2, 1, 0, 30).getTime();
const at = (...when: [number, number, number, number]) => new Date(...when).toISOString();

it.each([
  [at(2026, 2, 1, 0), 'Today'],
  [at(2026, 1, 28, 23), 'Yesterday'],
  [at(2026, 1, 27, 23), '27 February 2026'],
])('%s is %s', (time, words) => expect(dayOf(time, now)).toBe(words));
