// Workflows that are shipped with the server. Each has examples of its input.
import answer from '../../../../examples/workflows/answer-from-documents.json';
import explain from '../../../../examples/workflows/explain.json';
import extract from '../../../../examples/workflows/extract-data.json';
import brief from '../../../../examples/workflows/product-brief.json';
import research from '../../../../examples/workflows/research-angles.json';
import review from '../../../../examples/workflows/review-with-person.json';
import summarise from '../../../../examples/workflows/summarise-many.json';
import desk from '../../../../examples/workflows/support-desk.json';
import triage from '../../../../examples/workflows/support-triage.json';
import translate from '../../../../examples/workflows/translate-and-check.json';

export interface Example {
  name: string;
  facts: string;
  spec: { description: string; input: { examples: unknown[] }; nodes: { id: string; type: string; needs?: string[]; when?: string }[] };
}

export const EXAMPLES: Example[] = [
  {
    name: 'explain-simply',
    facts: '2 steps',
    spec: { name: 'explain-simply', ...explain } as Example['spec'],
  },
  {
    name: 'support-triage',
    facts: '4 steps, 1 decision',
    spec: triage,
  },
  {
    name: 'support-desk',
    facts: 'an agent with 3 tools, 1 asks you first',
    spec: desk as Example['spec'],
  },
  {
    name: 'review-with-person',
    facts: '2 steps in a loop, 1 waits for you',
    spec: review,
  },
  {
    name: 'product-brief',
    facts: '3 steps',
    spec: brief,
  },
  {
    name: 'summarise-many',
    facts: 'a map and a loop',
    spec: summarise,
  },
  {
    name: 'research-angles',
    facts: '3 steps, 1 for each angle',
    spec: research,
  },
  {
    name: 'translate-and-check',
    facts: '2 steps in a loop',
    spec: translate,
  },
  {
    name: 'answer-from-documents',
    facts: '2 steps, 1 for each document',
    spec: answer,
  },
  {
    name: 'extract-data',
    facts: 'JSON with a schema',
    spec: extract,
  },
];
