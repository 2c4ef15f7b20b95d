// Workflows that are shipped with the server. Each has examples of its input.
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
  spec: { input: { examples: unknown[] }; nodes: { id: string; type: string; needs?: string[]; when?: string }[] };
}

export const EXAMPLES: Example[] = [
  {
    name: 'explain-simply',
    says: 'A prompt and a model, one after the other. The smallest workflow there is.',
    facts: '2 steps',
    spec: { name: 'explain-simply', ...explain } as Example['spec'],
  },
  {
    name: 'support-triage',
    says: 'A model sorts a ticket, the matching branch answers it, the other is skipped.',
    facts: '4 steps, 1 decision',
    spec: triage,
  },
  {
    name: 'review-with-person',
    says: 'A model writes, you say what to change, it writes again: three rounds at most.',
    facts: '2 steps in a loop, 1 waits for you',
    spec: review,
  },
  {
    name: 'product-brief',
    says: 'Strengths and weaknesses at the same time, then a brief of both.',
    facts: '3 steps',
    spec: brief,
  },
  {
    name: 'summarise-many',
    says: 'Each document on its own, four at once, then one summary that is refined until it is good.',
    facts: 'a map and a loop',
    spec: summarise,
  },
  {
    name: 'research-angles',
    says: 'A model proposes angles, each is looked into, a report brings them together.',
    facts: '3 steps, 1 for each angle',
    spec: research,
  },
  {
    name: 'translate-and-check',
    says: 'Translates, has a second model look for mistakes, and tries again until it is good.',
    facts: '2 steps in a loop',
    spec: translate,
  },
  {
    name: 'answer-from-documents',
    says: 'Answers from documents only, with the numbers of its sources.',
    facts: '2 steps, 1 for each document',
    spec: answer,
  },
  {
    name: 'extract-data',
    says: 'An invoice in, a record for accounting out, which says whether a person has to look at it.',
    facts: 'JSON with a schema',
    spec: extract,
  },
];
