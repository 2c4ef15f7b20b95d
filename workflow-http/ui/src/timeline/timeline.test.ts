import { describe, expect, it } from 'vitest';
import { learnTypes } from '../api/nodeTypes';
import type { RunEvent } from '../api/types';
import { reduce } from '../run/reduce';
import { newRun, tookOf, type Run } from '../run/run';
import { barsOf, firstWordsOf, readyAt, workOf } from './bars';
import { scaleOf, workSpans } from './scale';

learnTypes([{ type: 'LLMNode', display: { streams_text: true } }]);

const START = Date.UTC(2026, 0, 1);
const time = (ms: number) => new Date(START + ms).toISOString();

/** A run of two steps, `ask` and then `tell`, and what happened at which millisecond. */
function runOf(...story: [at: number, event: object][]): Run {
  const nodes = [
    { id: 'ask', type: 'LLMNode', needs: [] },
    { id: 'tell', type: 'HumanNode', needs: ['ask'] },
  ];
  const events: [number, object][] = [[0, { type: 'run.created', input: null, nodes }], [0, { type: 'run.started' }], ...story];
  return reduce(
    newRun('r'),
    events.map(([at, event], index) => ({ run_id: 'r', seq: index + 1, time: time(at), ...event }) as RunEvent),
  );
}

const of = (id: string, attempt = 1) => ({ node: id, path: id, attempt });
const started = (id: string, attempt = 1) => ({ type: 'node.started', ...of(id, attempt) });
const said = { type: 'node.delta', ...of('ask'), kind: 'text', delta: 'Hi', offset: 0 };
const completed = (id: string, attempt = 1) => ({ type: 'node.completed', ...of(id, attempt), output: 'Hi' });
const error = { code: 'rate_limited', detail: 'too many' };

/** The bars of a step in words: `asking 100-900`, and `100-` for what has not ended. */
function drawn(run: Run, path: string): string[] {
  const step = run.steps.get(path)!;
  const ms = (at: number | undefined) => (at === undefined ? '' : at - START);
  return barsOf(step, readyAt(run, step)).map(({ kind, from, to }) => `${kind} ${ms(from)}-${ms(to)}`);
}

describe('the bars of a step', () => {
  it('are the wait for its turn, the wait for the first words, and the words', () => {
    const run = runOf([50, started('ask')], [700, said], [2000, completed('ask')]);
    expect(drawn(run, 'ask')).toEqual(['queued 0-50', 'asking 50-700', 'working 700-2000']);
    expect(firstWordsOf(run.steps.get('ask')!)).toEqual([START + 700]);
  });

  it('last until now while it works', () => {
    expect(drawn(runOf([0, started('ask')]), 'ask')).toEqual(['asking 0-']);
    expect(drawn(runOf([0, started('ask')], [700, said]), 'ask')).toEqual(['asking 0-700', 'working 700-']);
  });

  it('say when an attempt waits for admission', () => {
    const queued = { type: 'node.queued', ...of('ask'), queue: 'gemini', position: 12 };
    const admitted = { type: 'node.admitted', ...of('ask'), queued_ms: 400 };
    expect(drawn(runOf([0, started('ask')], [10, queued]), 'ask')).toEqual(['queued 10-', 'asking 0-10']);
    const run = runOf([0, started('ask')], [10, queued], [410, admitted], [2000, { ...completed('ask'), queued_ms: 400, first_delta_ms: 300 }]);
    expect(drawn(run, 'ask')).toEqual(['queued 10-410', 'asking 0-10', 'asking 410-700', 'working 700-2000']);
    expect(firstWordsOf(run.steps.get('ask')!)).toEqual([START + 700]);
  });

  it('are one for each attempt, with the pause between them', () => {
    const retrying = { type: 'node.retrying', ...of('ask'), next_in_ms: 1000, error };
    expect(drawn(runOf([0, started('ask')], [300, retrying]), 'ask')).toEqual(['failed 0-300', 'pause 300-1300']);
    const run = runOf([0, started('ask')], [300, retrying], [1400, started('ask', 2)], [2000, completed('ask', 2)]);
    expect(drawn(run, 'ask')).toEqual(['failed 0-300', 'pause 300-1400', 'working 1400-2000']);
  });

  it('say when it waits for its turn although all it needs is done', () => {
    expect(drawn(runOf([0, started('ask')], [500, completed('ask')]), 'tell')).toEqual(['queued 500-']);
    expect(drawn(runOf([0, started('ask')]), 'tell')).toEqual([]);
  });

  it('separate waiting for a person or a time from work', () => {
    const waiting = { type: 'node.waiting', ...of('tell'), wait_id: 'w', message: 'Ok?' };
    const until = (...more: [number, object][]) => runOf([0, started('ask')], [500, completed('ask')], [500, started('tell')], [510, waiting], ...more);
    expect(drawn(until(), 'tell')).toEqual(['working 500-510', 'person 510-']);
    const run = until([9000, { type: 'node.resumed', ...of('tell') }], [9001, completed('tell')]);
    expect(drawn(run, 'tell')).toEqual(['working 500-510', 'working 9000-9001', 'person 510-9000']);
  });

  it('leave out the time in which no server was there, and so does what it took', () => {
    const recovered = { ...started('ask'), reason: 'recovered' };
    const run = runOf(
      [0, started('ask')],
      [500, { type: 'node.progress', ...of('tell'), round: 0 }],
      [60_000, recovered],
      [61_000, { ...completed('ask'), duration_ms: 1000 }],
    );
    expect(drawn(run, 'ask')).toEqual(['working 0-500', 'outage 500-60000', 'working 60000-61000']);
    expect(tookOf(run.steps.get('ask')!, 0)).toBe(1500);
    expect(run.outages).toEqual([{ since: time(500), until: time(60_000) }]);
    expect(scaleOf(START, START + 61_000, workSpans(run), false).gaps).toHaveLength(1);
  });

  it('have one outage for all attempts that it cut off, and for a stop that was announced', () => {
    const recovered = (id: string) => ({ ...started(id), reason: 'recovered' });
    const crashed = runOf([0, started('ask')], [10, started('tell')], [60_000, recovered('ask')], [60_500, recovered('tell')]);
    expect(drawn(crashed, 'tell')).toEqual(['working 10-10', 'outage 10-60500', 'working 60500-']);
    const stopped = runOf(
      [0, started('ask')],
      [500, { type: 'run.suspended', reason: 'shutdown' }],
      [60_000, { type: 'run.resumed' }],
      [60_010, recovered('ask')],
      [60_900, completed('ask')],
    );
    expect(drawn(stopped, 'ask')).toEqual(['working 0-500', 'outage 500-60010', 'working 60010-60900']);
    expect(stopped.outages).toEqual([{ since: time(500), until: time(60_000) }]);
  });

  it('are none when it is skipped, and a mark when it failed before it began', () => {
    expect(drawn(runOf([5, { type: 'node.skipped', ...of('ask'), reason: 'when_false' }]), 'ask')).toEqual([]);
    expect(drawn(runOf([5, { type: 'node.failed', ...of('ask'), error }]), 'ask')).toEqual(['queued 0-5', 'failed 5-5']);
  });

  it('keep the first words within their attempt, whatever clocks say', () => {
    const run = runOf([100, started('ask')], [20, said], [2000, completed('ask')]);
    expect(firstWordsOf(run.steps.get('ask')!)).toEqual([START + 100]);
  });
});

it('a container is not itself at work', () => {
  const nodes = [{ id: 'each', type: 'MapNode', needs: [], nodes: [{ id: 'sum', type: 'LLMNode' }] }];
  const run = reduce(newRun('r'), [
    { run_id: 'r', seq: 1, time: time(0), type: 'run.created', input: null, nodes },
    { run_id: 'r', seq: 2, time: time(0), ...started('each') },
    { run_id: 'r', seq: 3, time: time(40), ...started('each'), path: 'each/0/sum', node: 'sum' },
  ] as RunEvent[]);
  expect(workOf(run.steps.get('each')!)).toEqual([]);
  expect(workSpans(run)).toEqual([{ from: START + 40, to: undefined }]);
});

describe('the line of time', () => {
  const SECOND = 1000;
  const MINUTE = 60 * SECOND;
  const work = (...spans: [number, number?][]) => spans.map(([from, to]) => ({ from, to }));

  it('of a settled run fits', () => {
    const { at, gaps } = scaleOf(0, 4000, work([0, 4000]), false);
    expect([at(0), at(1000), at(4000)]).toEqual([0, 0.25, 1]);
    expect(gaps).toEqual([]);
  });

  it('of a live run grows in steps', () => {
    expect(scaleOf(0, 4000, work([0]), true).at(4000)).toBeCloseTo(0.4);
    expect(scaleOf(0, 9999, work([0]), true).at(10_000)).toBeCloseTo(1);
    expect(scaleOf(0, 10_000, work([0]), true).at(10_000)).toBeCloseTo(1 / 3);
    expect(scaleOf(0, 5 * 3600 * SECOND, work([0]), true).at(5 * 3600 * SECOND)).toBeCloseTo(5 / 6);
  });

  it('folds what is long and without work, and leaves a little at both sides', () => {
    const { gaps, at } = scaleOf(0, 19 * MINUTE, work([0, 14 * SECOND]), false);
    expect(gaps.map(({ from, to, words }) => [from, to, words])).toEqual([[21 * SECOND, 19 * MINUTE - 7 * SECOND, '19m folded']]);
    expect(at(gaps[0]!.to) - at(gaps[0]!.from)).toBeCloseTo(0.06);
    expect(at(14 * SECOND)).toBeCloseTo(0.47);
    expect(at(19 * MINUTE)).toBeCloseTo(1);
  });

  it('folds nothing that is short, or a small part', () => {
    expect(scaleOf(0, 3000, work([0, 1000], [2000, 3000]), false).gaps).toEqual([]);
    expect(scaleOf(0, 10 * MINUTE, work([0, 5 * MINUTE], [6 * MINUTE, 10 * MINUTE]), false).gaps).toEqual([]);
  });

  it('never goes back', () => {
    const { at } = scaleOf(0, 30 * MINUTE, work([0, 1000], [15 * MINUTE, 15 * MINUTE + 5000]), true);
    const places = Array.from({ length: 200 }, (_, index) => at((index * 30 * MINUTE) / 199));
    expect(places).toEqual([...places].sort((one, other) => one - other));
  });

  it('has a few round ticks, none of them twice and none in a fold', () => {
    expect(scaleOf(0, 3300, work([0, 3300]), false).ticks.map(({ words }) => words)).toEqual(['0 s', '1 s', '2 s', '3 s']);
    expect(scaleOf(0, 40, work([0, 40]), false).ticks.map(({ words }) => words)).toEqual(['0 s', '10 ms', '20 ms', '30 ms', '40 ms']);
    const { ticks, gaps } = scaleOf(0, 19 * MINUTE, work([0, 14 * SECOND]), false);
    expect(new Set(ticks.map(({ words }) => words)).size).toBe(ticks.length);
    expect(ticks.filter(({ at }) => at > gaps[0]!.at && at < gaps[0]!.at + 0.06)).toEqual([]);
  });

  it('takes work that lies close together as one stretch', () => {
    const run = runOf([0, started('ask')], [500, completed('ask')], [900, started('tell')]);
    expect(workSpans(run)).toEqual([{ from: START, to: undefined }]);
  });
});
