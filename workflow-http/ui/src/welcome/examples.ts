// Workflows that are shipped with the server, each with something to try it on.
import answer from '../../../../examples/workflows/answer-from-documents.json';
import explain from '../../../../examples/workflows/explain.json';
import extract from '../../../../examples/workflows/extract-data.json';
import brief from '../../../../examples/workflows/product-brief.json';
import research from '../../../../examples/workflows/research-angles.json';
import review from '../../../../examples/workflows/review-with-person.json';
import summarise from '../../../../examples/workflows/summarise-many.json';
import triage from '../../../../examples/workflows/support-triage.json';
import translate from '../../../../examples/workflows/translate-and-check.json';

export interface Example {
  name: string;
  says: string;
  facts: string;
  spec: { nodes: { id: string; type: string; needs?: string[]; when?: string }[] };
  input: unknown;
}

export const EXAMPLES: Example[] = [
  {
    name: 'explain-simply',
    says: 'A prompt and a model, one after the other. The smallest workflow there is.',
    facts: '2 steps',
    spec: { name: 'explain-simply', ...explain } as Example['spec'],
    input: 'Quantum Computing',
  },
  {
    name: 'support-triage',
    says: 'A model sorts a ticket, the matching branch answers it, the other is skipped.',
    facts: '4 steps, 1 decision',
    spec: triage,
    input: { text: 'I was charged twice for the March invoice (INV-20931). Please refund the second payment.' },
  },
  {
    name: 'review-with-person',
    says: 'A model writes, you say what to change, it writes again: three rounds at most.',
    facts: '2 steps in a loop, 1 waits for you',
    spec: review,
    input: 'A note to all teams: the lift is out of order until Friday.',
  },
  {
    name: 'product-brief',
    says: 'Strengths and weaknesses at the same time, then a brief of both.',
    facts: '3 steps',
    spec: brief,
    input: 'a bicycle with a solar roof',
  },
  {
    name: 'summarise-many',
    says: 'Each document on its own, four at once, then one summary that is refined until it is good.',
    facts: 'a map and a loop',
    spec: summarise,
    input: {
      docs: [
        'The council plans more hubs.',
        'The audit asks for shorter forms.',
        'The field study found both helpful.',
        'Demand grew faster than staff.',
        'Two districts opted out.',
      ],
    },
  },
  {
    name: 'research-angles',
    says: 'A model proposes angles, each is looked into, a report brings them together.',
    facts: '3 steps, 1 for each angle',
    spec: research,
    input: 'Do cities get cooler when they plant trees?',
  },
  {
    name: 'translate-and-check',
    says: 'Translates, has a second model look for mistakes, and tries again until it is good.',
    facts: '2 steps in a loop',
    spec: translate,
    input: { text: 'Guten Morgen. Der Zug nach Basel fällt heute leider aus.', language: 'English' },
  },
  {
    name: 'answer-from-documents',
    says: 'Answers from documents only, with the numbers of its sources.',
    facts: '2 steps, 1 for each document',
    spec: answer,
    input: {
      question: 'When does the library close?',
      documents: [
        { title: 'Opening hours', text: 'The library is open from 9 to 18, on Saturdays from 10 to 14.' },
        { title: 'House rules', text: 'Bags are left at the entrance. The reading room closes half an hour earlier.' },
      ],
    },
  },
  {
    name: 'extract-data',
    says: 'An invoice in, a record for accounting out, which says whether a person has to look at it.',
    facts: 'JSON with a schema',
    spec: extract,
    input: 'Bright Lamps Ltd, invoice 4711, due 2026-12-01. 3 desk lamps at 20.00 EUR, 1 floor lamp at 55.00 EUR. Total 115.00 EUR.',
  },
];
