// The workflow and input of a first visit: the smallest workflow with a model.

const nodes = [
  { id: 'prompt_step', type: 'PromptNode', data: { template: 'Explain this concept in one simple sentence: {{input}}' } },
  { id: 'llm_step', type: 'LLMNode', data: {} },
];

export const FIRST_WORKFLOW = { nodes };

/** The same with a name, for a new workflow. */
export const BLANK_WORKFLOW = { name: 'new-workflow', nodes };

export const FIRST_INPUT = 'Quantum Computing';
