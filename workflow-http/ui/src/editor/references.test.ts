import { expect, it } from 'vitest';
import { referencesAt } from './references';

const spec = {
  nodes: [
    { id: 'ask-it', data: { prompt: '' } },
    {
      id: 'each',
      data: {
        over: 'input',
        as: 'doc',
        nodes: [
          { id: 'sum', data: { prompt: '' } },
          { id: 'say', data: {} },
        ],
      },
    },
    { id: 'again', data: { until: 'index == 2', nodes: [{ id: 'draft', data: { prompt: '' } }] } },
  ],
};
const names = (...path: (string | number)[]) => referencesAt(spec, path).map(({ text }) => text);

it('are the input and the outputs of the other nodes', () => {
  expect(names('nodes', 0, 'data', 'prompt')).toEqual(['input', 'each.output', 'again.output']);
  expect(names('output')).toEqual(['input']);
});

it('are in a map or loop its own, and those around it', () => {
  expect(names('nodes', 1, 'data', 'nodes', 0, 'data', 'prompt')).toEqual(['input', 'ask_it.output', 'again.output', 'doc', 'index', 'say.output']);
  expect(names('nodes', 2, 'data', 'nodes', 0, 'data', 'prompt')).toEqual(['input', 'ask_it.output', 'each.output', 'previous', 'index']);
});
