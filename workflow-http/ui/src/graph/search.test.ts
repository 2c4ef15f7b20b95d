import { expect, it } from 'vitest';
import type { Card } from './drawing';
import { containersOf, matchesOf, neighboursOf } from './search';

const card = (path: string, needs: string[] = [], inner: Card[] = [], type = 'PromptNode'): Card => ({
  path,
  id: path.split('/').at(-1)!,
  type,
  icon: undefined,
  streamsText: false,
  needs,
  when: undefined,
  plan: '',
  inner,
});
const cards = [
  card('start'),
  card('each', ['start'], [card('each/draft', [], [], 'LLMNode'), card('each/Judge', ['each/draft'])], 'MapNode'),
  card('end', ['each', 'start']),
];

it('cards are found by id and type, in any case and inside containers', () => {
  expect(matchesOf(cards, 'judge')).toEqual(['each/Judge']);
  expect(matchesOf(cards, ' LLM ')).toEqual(['each/draft']);
  expect(matchesOf(cards, 'node')).toEqual(['start', 'each', 'each/draft', 'each/Judge', 'end']);
  expect(matchesOf(cards, '')).toEqual([]);
  expect(matchesOf(cards, 'nobody')).toEqual([]);
});

it('neighbours are what a card needs and what needs it, beside it', () => {
  expect(neighboursOf(cards, 'each')).toEqual(['start', 'end']);
  expect(neighboursOf(cards, 'each/draft')).toEqual(['each/Judge']);
  expect(neighboursOf(cards, 'gone')).toEqual([]);
  expect(neighboursOf(cards, undefined)).toEqual([]);
});

it('a card is inside all its containers', () => {
  expect(containersOf('a/b/c')).toEqual(['a', 'a/b']);
  expect(containersOf('a')).toEqual([]);
});
