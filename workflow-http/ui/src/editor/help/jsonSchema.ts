// The words of JSON Schema that inputs, answers and replies are described with. Others are allowed; these are offered.

const part = { type: 'object', 'x-workflow': 'schema' };
const number = (description: string) => ({ type: 'number', description });

export const JSON_SCHEMA = {
  properties: {
    type: {
      description: 'The type of the value.',
      oneOf: [
        { const: 'string', description: 'A text.' },
        { const: 'object', description: 'Named fields, described in `properties`.' },
        { const: 'array', description: 'A list, whose items are described in `items`.' },
        { const: 'number', description: 'A number, with or without a fraction.' },
        { const: 'integer', description: 'A whole number.' },
        { const: 'boolean', description: '`true` or `false`.' },
        { const: 'null', description: '`null`.' },
      ],
      type: 'string',
    },
    description: { type: 'string', description: 'What the value means. A model reads it, and forms show it.' },
    title: { type: 'string', description: 'The label of the value in a form.' },
    properties: { type: 'object', description: 'The fields of an object, each with its schema.', additionalProperties: part },
    required: { type: 'array', description: 'The fields that must be there.', items: { type: 'string' } },
    items: { ...part, description: 'The schema of each item of a list.' },
    enum: { type: 'array', description: 'All values that are allowed.' },
    minimum: number('The smallest number that is allowed.'),
    maximum: number('The largest number that is allowed.'),
    minLength: number('The fewest characters of a text.'),
    maxLength: number('The most characters of a text.'),
    minItems: number('The fewest items of a list.'),
    maxItems: number('The most items of a list.'),
    additionalProperties: { type: 'boolean', description: 'Whether an object may have other fields than those in `properties`.' },
    default: { description: 'The value that a form begins with.' },
    examples: { type: 'array', description: 'Values that fit.' },
    anyOf: { type: 'array', description: 'The value fits at least one of these schemas.', items: part },
  },
};
