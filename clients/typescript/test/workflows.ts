import type { Update, WorkflowSpec } from 'llm-workflow-client';

export const TWO_STEPS: WorkflowSpec = {
  nodes: [
    { id: 'draft', type: 'PromptNode', data: { template: 'About {{ input }}' } },
    { id: 'final', type: 'LLMNode', data: { prompt: 'Improve: {{ draft.output }}' } },
  ],
};

export const EXPLAIN: WorkflowSpec = {
  name: 'explain',
  nodes: [{ id: 'explain', type: 'LLMNode', data: { prompt: 'Explain {{ input }}' } }],
};

export const WITH_PERSON: WorkflowSpec = {
  name: 'with-person',
  nodes: [
    { id: 'approve', type: 'HumanNode', data: { message: 'Publish {{ input }}?', schema: { type: 'string', enum: ['yes', 'no'] } } },
    { id: 'write', type: 'LLMNode', data: { prompt: 'Announce {{ input }}' } },
  ],
};

export const seqs = (updates: Update[]): number[] => updates.flatMap((update) => ('seq' in update ? [update.seq] : []));

export const counted = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);
