// The language with agents, as a server has it that has a model: for tests.
import { readFileSync } from 'node:fs';
import type { Schema } from './help/schema';

const language = JSON.parse(readFileSync(new URL('../../../../docs/workflow.schema.json', import.meta.url), 'utf8')) as Schema & {
  $defs: Schema;
};

const limit = (minimum: number, maximum: number, description: string) => ({ type: 'integer', minimum, maximum, description });
const template = (description: string, more: object = {}) => ({ type: ['string', 'null'], 'x-workflow': 'template', description, ...more });
const nodes = { type: 'array', minItems: 1, 'x-workflow': 'nodes', items: { $ref: '#/$defs/Node' }, description: 'The nodes that a call runs.' };
const schema = (description: string) => ({ type: ['object', 'null'], additionalProperties: true, 'x-workflow': 'schema', description });

const tool = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_-]{0,59}$', description: 'The name by which the model calls it.' },
    description: { type: ['string', 'null'], description: 'What it does, for the model.' },
    input: schema('The JSON Schema of the arguments, an object.'),
    nodes: { anyOf: [nodes, { type: 'null' }] },
    workflow: { type: ['string', 'null'], description: 'The name or id of the workflow that a call runs, instead of `nodes`.' },
    approve: {
      anyOf: [
        {
          type: 'object',
          additionalProperties: false,
          required: ['message'],
          properties: {
            message: {
              type: 'string',
              'x-workflow': 'template',
              'x-workflow-refers': true,
              'x-workflow-reads': 'args',
              examples: ['Refund {{ args.number }}?'],
              description: 'The question to the person.',
            },
            expires: template('How long to wait for the answer.', { 'x-workflow-reads': 'args' }),
          },
        },
        { type: 'null' },
      ],
      description: 'Asks a person before each call.',
    },
    on_error: { oneOf: [{ const: 'answer' }, { const: 'fail' }], description: 'What happens when a call fails.' },
  },
};

const data = {
  type: 'object',
  additionalProperties: false,
  description: 'Lets the model call tools, turn by turn, until it answers. A field that is not set is not sent.',
  'x-workflow-output': { type: 'string' },
  properties: {
    prompt: template('The task, with `{{ expressions }}`.', { examples: ['Answer the customer: {{ input.question }}'] }),
    system: template('The system instruction.'),
    model: template('The model, or a template for its name.'),
    schema: { ...schema('A JSON Schema that the answer has to match.'), 'x-workflow-output': true },
    tools: { type: 'array', items: tool, description: 'What the agent may call.' },
    max_turns: limit(1, 100, 'The most turns.'),
    tool_choice: {
      anyOf: [
        { type: 'string', enum: ['auto', 'required', 'none'] },
        { type: 'object', properties: { tool: { type: 'string', description: 'The tool that the first turn must call.' } }, required: ['tool'] },
      ],
    },
  },
};

const { Node, NodeTypeName } = language.$defs as { Node: Schema & { allOf: unknown[] }; NodeTypeName: Schema & { enum: string[] } };

export const LANGUAGE: Schema = {
  ...language,
  $defs: {
    ...language.$defs,
    'AgentNode.data': data,
    NodeTypeName: { ...NodeTypeName, enum: [...new Set(['AgentNode', ...NodeTypeName.enum])] },
    Node: {
      ...Node,
      allOf: [
        ...Node.allOf.filter((one) => !JSON.stringify(one).includes('"AgentNode"')),
        // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
        { if: { properties: { type: { const: 'AgentNode' } } }, then: { properties: { data: { $ref: '#/$defs/AgentNode.data' } } } },
      ],
    },
  },
};
