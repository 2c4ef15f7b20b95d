// A run with an agent, for tests: it looks up an order, asks a person before two refunds, asks an inner agent, and answers.
import type { LogEvent } from '../api/types';

/** The workflow of the run. */
export const SUPPORT = {
  name: 'support-desk',
  nodes: [
    {
      id: 'support',
      type: 'AgentNode',
      data: {
        prompt: '{{ input.question }}',
        model: 'gemini-3.8-flash',
        tools: [
          {
            name: 'order',
            description: 'Finds an order by its number.',
            input: { type: 'object', properties: { number: { type: 'string', description: 'As on the invoice.' } }, required: ['number'] },
            nodes: [{ id: 'get', type: 'HttpNode', data: { url: 'https://shop.example/orders/{{ args.number | urlencode }}' } }],
          },
          { name: 'refund', workflow: 'refund-order', approve: { message: 'Refund {{ args.number }}?', expires: '24h' }, on_ambiguous: 'fail' },
          {
            name: 'ask-expert',
            nodes: [
              {
                id: 'expert',
                type: 'AgentNode',
                data: { tools: [{ name: 'search', nodes: [{ id: 'find', type: 'HttpNode', data: { url: 'https://wiki.example' } }] }] },
              },
            ],
          },
        ],
        max_turns: 12,
      },
    },
    { id: 'mail', type: 'TransformNode', data: { value: '{{ support.output }}' } },
  ],
};

const REFUND_INPUT = {
  type: 'object',
  properties: { number: { type: 'string' }, amount: { type: 'number', minimum: 0 } },
  required: ['number', 'amount'],
};

const turn = { id: 'turn', type: 'AgentTurn', needs: [] };
const unknown = { id: 'unknown', type: 'ToolCall', needs: [] };

const CREATED = {
  type: 'run.created',
  workflow_id: 'w1',
  version: 1,
  input: { question: 'Where is my order A-17?' },
  nodes: [
    {
      id: 'support',
      type: 'AgentNode',
      needs: [],
      nodes: [
        turn,
        { id: 'order', type: 'ToolCall', needs: [], nodes: [{ id: 'get', type: 'HttpNode', needs: [] }] },
        { id: 'refund', type: 'ToolCall', needs: [], workflow: 'refund-order' },
        {
          id: 'ask-expert',
          type: 'ToolCall',
          needs: [],
          nodes: [
            {
              id: 'expert',
              type: 'AgentNode',
              needs: [],
              nodes: [turn, { id: 'search', type: 'ToolCall', needs: [], nodes: [{ id: 'find', type: 'HttpNode', needs: [] }] }, unknown],
            },
          ],
        },
        unknown,
      ],
    },
    { id: 'mail', type: 'TransformNode', needs: ['support'] },
  ],
  workflows: [{ workflow: 'refund-order', workflow_id: 'w2', version: 3, spec_hash: 'x', nodes: [{ id: 'pay', type: 'HttpNode', needs: [] }] }],
};

const REFUNDS = [
  { tool: 'refund', args: { number: 'A-17', amount: 20 } },
  { tool: 'refund', args: { number: 'A-18', amount: 5 } },
];

const at = (type: string, path: string, more: object = {}) => ({ type: `node.${type}`, node: path.split('/').at(-1), path, attempt: 1, ...more });
const started = (path: string, more: object = {}) => at('started', path, { max_attempts: 1, ...more });
const completed = (path: string, output: unknown, more: object = {}) => at('completed', path, { output, duration_ms: 500, ...more });
const said = (path: string, output: object) =>
  completed(path, output, {
    model: 'gemini-3.8-flash',
    usage: { input_tokens: 100, output_tokens: 20 },
    cost: { usd: 0.001 },
    state: { sha256: 'ab', bytes: 900 },
  });
const turnOf = (path: string, number: number) => at('progress', path, { turn: number, max_turns: 12 });
const asks = (index: number) =>
  at('waiting', `support/1/refund-${index}`, {
    wait_id: `w-${index}`,
    kind: 'approval',
    message: `Refund ${REFUNDS[index]!.args.number}?`,
    schema: { type: 'object' },
    call: { ...REFUNDS[index]!, input: REFUND_INPUT },
    expires_at: '2026-01-02T00:00:00Z',
  });
const EXPERT = 'support/2/ask-expert-0/expert';

const EVENTS: object[] = [
  CREATED,
  { type: 'run.started' },
  started('support'),
  turnOf('support', 0),
  started('support/0/turn', { max_attempts: 3 }),
  said('support/0/turn', {
    text: 'I look that up.',
    calls: [
      { id: 'c1', tool: 'order', args: { number: 'A-17' } },
      { id: 'c2', tool: 'ordr', args: {} },
    ],
  }),
  started('support/0/order-0'),
  started('support/0/unknown-1'),
  at('failed', 'support/0/unknown-1', { error: { code: 'unknown_tool', detail: 'There is no tool `ordr`.' }, handled: true, duration_ms: 0 }),
  started('support/0/order-0/get'),
  completed('support/0/order-0/get', { status: 200, body: { state: 'sent' } }),
  completed('support/0/order-0', { status: 200, body: { state: 'sent' } }),
  turnOf('support', 1),
  started('support/1/turn', { max_attempts: 3 }),
  said('support/1/turn', { calls: REFUNDS }),
  started('support/1/refund-0'),
  asks(0),
  started('support/1/refund-1'),
  asks(1),
  at('resumed', 'support/1/refund-0', { wait_id: 'w-0', payload: { action: 'approve', args: { number: 'A-17', amount: 10 } } }),
  started('support/1/refund-0/pay'),
  at('resumed', 'support/1/refund-1', { wait_id: 'w-1', payload: { action: 'refuse', reason: 'It was delivered.' } }),
  at('failed', 'support/1/refund-1', { error: { code: 'refused', detail: 'It was delivered.' }, handled: true, duration_ms: 900 }),
  completed('support/1/refund-0/pay', { ok: true }),
  completed('support/1/refund-0', { ok: true }),
  turnOf('support', 2),
  started('support/2/turn', { max_attempts: 3 }),
  said('support/2/turn', { text: 'Let me ask.', calls: [{ tool: 'ask-expert', args: { about: 'delivery' } }] }),
  started('support/2/ask-expert-0'),
  started(EXPERT),
  turnOf(EXPERT, 0),
  started(`${EXPERT}/0/turn`),
  said(`${EXPERT}/0/turn`, { calls: [{ tool: 'search', args: { query: 'delivery' } }] }),
  started(`${EXPERT}/0/search-0`),
  started(`${EXPERT}/0/search-0/find`),
  completed(`${EXPERT}/0/search-0/find`, { status: 200 }),
  completed(`${EXPERT}/0/search-0`, { status: 200 }),
  turnOf(EXPERT, 1),
  started(`${EXPERT}/1/turn`),
  said(`${EXPERT}/1/turn`, { output: 'Two days.' }),
  completed(EXPERT, 'Two days.', { turns: 2 }),
  completed('support/2/ask-expert-0', 'Two days.'),
  turnOf('support', 3),
  started('support/3/turn', { max_attempts: 3 }),
  said('support/3/turn', { text: 'It was sent.', output: 'It was sent, and **10 €** came back.' }),
  completed('support', 'It was sent, and **10 €** came back.', { turns: 4 }),
  started('mail'),
  completed('mail', 'It was sent, and **10 €** came back.'),
  { type: 'run.completed', output: 'done', usage: { input_tokens: 600, output_tokens: 120 }, duration_ms: 48_000 },
];

/** The events, one a second; up to the first of this type at this path, if one is named. */
export function storyUntil(type?: string, path?: string): LogEvent[] {
  const events = EVENTS.map(
    (event, index) => ({ seq: index + 1, run_id: 'r1', time: new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString(), ...event }) as unknown as LogEvent,
  );
  if (type === undefined) return events;
  const end = events.findIndex((event) => event.type === type && (path === undefined || ('path' in event && event.path === path)));
  if (end < 0) throw new Error(`no ${type} at ${path}`);
  return events.slice(0, end + 1);
}
