import { describe, expect, it } from 'vitest';
import { conditionsIn } from '../session/useConditions';
import { cardsOf, type Card } from '../graph/drawing';
import { pathIn, stateOf, type Scene } from '../graph/scene';
import { layOutCards } from '../graph/layout';
import { outlineOf, writtenAt } from '../editor/useCheck';
import { scan } from '../editor/scan';
import { whereOf } from '../inspect/where';
import { barsOf } from '../timeline/bars';
import { agentTurnsOf, argsWords, decisionOf, turnOutputOf } from './agent';
import { storyUntil, SUPPORT } from './agent.story';
import { reduce } from './reduce';
import { focusOf, isInAgent, isInSequence, newRun, shownState, usageOf, type Run } from './run';
import { sibling, turnShown, turnsOf } from './turns';
import { referred, stepFor } from './values';

const until = (...end: [type?: string, path?: string]): Run => reduce(newRun('r1'), storyUntil(...end));
const whole = until();
const text = JSON.stringify(SUPPORT, null, 2);
const written = outlineOf(SUPPORT, scan(text).spans!);

describe('a step of an agent', () => {
  it.each([
    ['support', 'AgentNode', 0, undefined, undefined, 'support'],
    ['support/0/turn', 'AgentTurn', 1, 'support', 'turn 1', 'support/:turn'],
    ['support/0/order-0', 'ToolCall', 1, 'support', 'turn 1', 'support/order'],
    ['support/0/order-0/get', 'HttpNode', 2, 'support/0/order-0', undefined, 'support/order/get'],
    ['support/0/unknown-1', 'ToolCall', 1, 'support', 'turn 1', 'support/unknown'],
    ['support/1/refund-0/pay', 'HttpNode', 2, 'support/1/refund-0', undefined, 'support/refund/pay'],
    ['support/2/ask-expert-0/expert', 'AgentNode', 2, 'support/2/ask-expert-0', undefined, 'support/ask-expert/expert'],
    [
      'support/2/ask-expert-0/expert/0/search-0/find',
      'HttpNode',
      4,
      'support/2/ask-expert-0/expert/0/search-0',
      undefined,
      'support/ask-expert/expert/search/find',
    ],
  ])('%s is a %s', (path, type, depth, container, turn, written) => {
    const step = whole.steps.get(path)!;
    expect(step).toMatchObject({ type, depth, written });
    expect([step.container, step.turn]).toEqual([container, turn]);
  });

  it('comes after its turn, calls in their own order', () => {
    expect(whole.order.filter((path) => path.split('/').length === 3 && path.startsWith('support'))).toEqual([
      'support/0/turn',
      'support/0/order-0',
      'support/0/unknown-1',
      'support/1/turn',
      'support/1/refund-0',
      'support/1/refund-1',
      'support/2/turn',
      'support/2/ask-expert-0',
      'support/3/turn',
    ]);
  });

  it('is not confused with a node or a tool of a similar name', () => {
    const call = (id: string) => ({ id, type: 'ToolCall', needs: [], nodes: [{ id: `${id}-0`, type: 'HttpNode', needs: [] }] });
    const nodes = [
      { id: 'a', type: 'AgentNode', needs: [], nodes: [{ id: 'turn', type: 'AgentTurn', needs: [] }, call('turn'), call('x'), call('x-1')] },
      { id: 'x-1', type: 'HttpNode', needs: [] },
    ];
    const step = (path: string) => ({ type: 'node.started', node: path.split('/').at(-1), path, attempt: 1 });
    const run = reduce(
      newRun('r'),
      [{ type: 'run.created', input: null, nodes }, step('x-1'), step('a/0/turn-0'), step('a/0/x-1-2'), step('a/0/x-1'), step('a/0/x-1/x-0')].map(
        (event, index) => ({ run_id: 'r', seq: index + 1, time: '2026-01-01T00:00:00Z', ...event }) as never,
      ),
    );
    expect([...run.steps.values()].map(({ path, written, type }) => `${path} ${written} ${type}`)).toEqual([
      'a a AgentNode',
      'x-1 x-1 HttpNode',
      'a/0/turn-0 a/turn ToolCall',
      'a/0/x-1-2 a/x-1 ToolCall',
      'a/0/x-1 a/x ToolCall',
      'a/0/x-1/x-0 a/x/x-0 HttpNode',
    ]);
  });
});

describe('a call', () => {
  it('has what the model asked for', () => {
    expect(whole.steps.get('support/0/order-0')!.call).toEqual({ tool: 'order', args: { number: 'A-17' } });
    expect(whole.steps.get('support/0/unknown-1')!.call?.tool).toBe('ordr');
  });

  it('waits for a person, who changes or refuses it', () => {
    const asked = until('node.waiting', 'support/1/refund-1');
    expect(asked.steps.get('support/1/refund-0')).toMatchObject({
      state: 'waiting',
      wait: { kind: 'approval', call: { tool: 'refund', args: { number: 'A-17', amount: 20 } } },
    });
    expect(shownState(asked.steps.get('support')!)).toBe('waiting');
    expect(asked.steps.get('support')!.asks).toBe(2);
    expect(focusOf(asked)).toBe('support/1/refund-0');
    expect(whole.steps.get('support/1/refund-0')!.decision).toEqual({ isApproved: true, args: { number: 'A-17', amount: 10 } });
    expect(whole.steps.get('support/1/refund-1')).toMatchObject({
      state: 'failed',
      handled: true,
      decision: { isApproved: false, reason: 'It was delivered.' },
    });
    expect(whole.steps.get('support')!.asks).toBe(0);
  });

  it('is logged with what was decided', () => {
    const of = (path: string) => whole.log.filter((line) => line.of === path).map(({ word, message }) => `${word} ${message}`);
    expect(of('support/1/refund-0')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^WAITING Asked a person to approve the call\. Answer by/), 'RESUMED Approved, with changed arguments.']),
    );
    expect(of('support/1/refund-1')).toContain('RESUMED Refused.');
    expect(of('support')).toEqual(expect.arrayContaining(['RUNNING Turn 1.', 'RUNNING Turn 4.']));
  });
});

describe('the turns of an agent', () => {
  const turns = agentTurnsOf(whole, whole.steps.get('support')!);

  it('have what was said and the calls, with their steps', () => {
    expect(turns.map(({ said, calls }) => [said.text, calls.map(({ step }) => step?.path)])).toEqual([
      ['I look that up.', ['support/0/order-0', 'support/0/unknown-1']],
      [undefined, ['support/1/refund-0', 'support/1/refund-1']],
      ['Let me ask.', ['support/2/ask-expert-0']],
      ['It was sent.', []],
    ]);
    expect(turns.at(-1)!.said.output).toBe('It was sent, and **10 €** came back.');
  });

  it('have calls that have not begun', () => {
    const run = until('node.completed', 'support/1/turn');
    expect(agentTurnsOf(run, run.steps.get('support')!)[1]!.calls).toEqual([
      { call: { tool: 'refund', args: { number: 'A-17', amount: 20 } }, step: undefined },
      { call: { tool: 'refund', args: { number: 'A-18', amount: 5 } }, step: undefined },
    ]);
  });

  it('are at work until their calls are settled', () => {
    const states = (...end: [string, string]) => turnsOf(until(...end), 'support').map(({ state }) => state);
    expect(states('node.started', 'support/0/turn')).toEqual(['running']);
    expect(states('node.completed', 'support/0/turn')).toEqual(['running']);
    expect(states('node.failed', 'support/0/unknown-1')).toEqual(['running']);
    expect(states('node.completed', 'support/0/order-0')).toEqual(['completed']);
    expect(states('node.waiting', 'support/1/refund-1')).toEqual(['completed', 'waiting']);
  });

  it('are counted by the agent', () => {
    expect(until('node.progress', 'support').steps.get('support')!.progress).toBe('turn 1 of at most 12');
    expect(whole.steps.get('support')!.progress).toBe('4 turns');
    expect(whole.steps.get('support/2/ask-expert-0/expert')!.progress).toBe('2 turns');
    expect(usageOf(until('node.completed', 'support'))).toMatchObject({ input_tokens: 600, output_tokens: 120 });
  });

  it('depend on those before, and are gone through', () => {
    expect(isInSequence(whole, whole.steps.get('support/0/order-0/get')!)).toBe(true);
    expect(isInSequence(whole, whole.steps.get('support')!)).toBe(false);
    expect(isInAgent(whole, whole.steps.get('support/0/order-0/get')!)).toBe(true);
    expect(isInAgent(whole, whole.steps.get('support')!)).toBe(false);
    expect(sibling(whole, 'support/0/turn', 1)).toBe('support/1/turn');
    expect(sibling(whole, 'support/0/order-0', 1)).toBe('support/1/turn');
    expect(turnShown(whole, 'support', 'support/1/refund-0/pay')).toBe(1);
  });

  it('are read from output of any shape', () => {
    for (const output of [undefined, null, 7, 'text', [], { calls: 7, text: [] }, { calls: [null, { tool: 3 }] }]) {
      expect(() => turnOutputOf(output)).not.toThrow();
    }
    expect(turnOutputOf({ calls: [null] }).calls).toEqual([{ tool: '', args: undefined }]);
    expect(decisionOf('yes')).toEqual({ isApproved: false });
  });
});

it('arguments are said in a few words', () => {
  expect(argsWords({ number: 'A-17', list: [1, 2], far: 'x'.repeat(120) })).toBe(`number: A-17, list: [1,2], far: ${'x'.repeat(100)}…`);
  expect(argsWords({})).toBe('');
  expect(argsWords(undefined)).toBe('');
});

describe('the text', () => {
  it('has an entry for each tool and for the nodes in it', () => {
    expect(written.map(({ path, depth, type }) => `${depth} ${path} ${type}`)).toEqual([
      '0 support AgentNode',
      '1 support/order ToolCall',
      '2 support/order/get HttpNode',
      '1 support/refund ToolCall',
      '1 support/ask-expert ToolCall',
      '2 support/ask-expert/expert AgentNode',
      '3 support/ask-expert/expert/search ToolCall',
      '4 support/ask-expert/expert/search/find HttpNode',
      '0 mail TransformNode',
    ]);
    const get = written.find(({ id }) => id === 'get')!;
    expect(get.pointer).toBe('/nodes/0/data/tools/0/nodes/0');
    expect(text.slice(get.span.from, get.span.to)).toContain('"id": "get"');
    expect(written.at(-1)!.needs).toEqual(['support']);
  });

  it('has no tools where a provider has them, or where they are unfinished', () => {
    const spec = { nodes: [{ id: 'a', type: 'LLMNode', data: { tools: ['google_search', { name: 7 }, {}, null] } }] };
    expect(outlineOf(spec, scan(JSON.stringify(spec)).spans!).map(({ path }) => path)).toEqual(['a']);
  });

  it('is found for each step of a run', () => {
    const at = (path: string) => writtenAt(written, whole.steps.get(path)!.written);
    expect(at('support/0/order-0/get')).toBe('support/order/get');
    expect(at('support/1/refund-0/pay')).toBe('support/refund');
    expect(at('support/3/turn')).toBe('support');
    expect(at('support/0/unknown-1')).toBe('support');
  });

  it('says where an error lies', () => {
    expect(whereOf(SUPPORT, 'support/order/get', 'there is no `args.number`')).toMatchObject({ field: 'data.url', marked: 'args.number' });
    expect(whereOf(SUPPORT, 'support/refund', 'there is no `args.number`')).toMatchObject({ field: 'approve.message' });
    expect(whereOf(SUPPORT, 'support', 'there is no `input.question`')).toMatchObject({ field: 'data.prompt' });
  });

  it('has the conditions of nodes in tools', () => {
    const spec = { nodes: [{ id: 'a', data: { tools: [{ name: 't', nodes: [{ id: 'b', when: 'args.ok' }] }] } }] };
    expect(conditionsIn(spec)('a/t/b')).toBe('args.ok');
  });
});

describe('the graph', () => {
  const shape = (cards: Card[]): unknown => cards.map(({ path, needs, repeats, inner }) => [path, needs.join(), repeats, shape(inner)]);
  const fromText = cardsOf(written, undefined, new Map());
  const fromRun = cardsOf([], whole.outline, new Map());

  it('draws an agent with its turn and its tools, of the text and of a run', () => {
    expect(fromText[0]).toMatchObject({ path: 'support', repeats: 'turn' });
    expect(fromText[0]!.inner.map(({ path, needs }) => `${path} < ${needs.join()}`)).toEqual([
      'support/:turn < ',
      'support/order < support/:turn',
      'support/refund < support/:turn',
      'support/ask-expert < support/:turn',
    ]);
    expect(shape(cardsOf(written, whole.outline, new Map()))).toEqual(shape(fromRun));
  });

  it('leads back from the tools to the turn', () => {
    const { ways, placed } = layOutCards(fromText, { isOpen: () => true, items: () => 0 });
    expect(ways.filter(({ isBack }) => isBack).map(({ to }) => to)).toEqual(['support/:turn', 'support/ask-expert/expert/:turn']);
    expect(placed.find(({ card }) => card.path === 'support/order')!.y).toBeGreaterThan(placed.find(({ card }) => card.path === 'support/:turn')!.y);
  });

  it('shows the chosen turn, and of a tool its call there or its last one', () => {
    const scene = (chosen: string | undefined, run = whole): Scene => ({ run, chosen, faults: new Map(), near: new Set(), found: null });
    expect(pathIn(scene('support/0/turn'), 'support/:turn')).toBe('support/0/turn');
    expect(pathIn(scene('support/0/turn'), 'support/order/get')).toBe('support/0/order-0/get');
    expect(pathIn(scene('support/1/refund-1'), 'support/refund')).toBe('support/1/refund-1');
    expect(pathIn(scene(undefined), 'support/refund/pay')).toBe('support/1/refund-1/pay');
    expect(pathIn(scene(undefined), 'support/ask-expert/expert/search/find')).toBe('support/2/ask-expert-0/expert/0/search-0/find');
    const begun = until('node.started', 'support/0/turn');
    expect(pathIn(scene(undefined, begun), 'support/order')).toBeUndefined();
    expect(stateOf(scene(undefined, begun), 'support/order')).toBe('pending');
    expect(stateOf(scene(undefined, begun), 'support/:turn')).toBe('running');
  });
});

describe('values', () => {
  it('of steps in tools are read as their templates do', () => {
    expect(stepFor(whole, 'support/order/get', 'support/1/turn')).toBe('support/0/order-0/get');
    expect(referred(whole, 'support/0/order-0/get', 'get.output.status')).toEqual({ value: 200 });
  });

  it('are none for turns and calls, which have no names', () => {
    for (const name of ['turn.output', 'order_0.output', 'unknown_1.output']) expect(referred(whole, 'support/0/order-0/get', name)).toBeUndefined();
  });
});

it('the timeline has bars of turns and calls, and of waits for a person', () => {
  const kinds = (path: string) => barsOf(whole.steps.get(path)!, undefined).map(({ kind }) => kind);
  expect(kinds('support/0/turn')).toEqual(['working']);
  expect(kinds('support/1/refund-0')).toEqual(['working', 'working', 'person']);
  expect(kinds('support/1/refund-1')).toContain('person');
});
