import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { lossWords } from '../run/loss';
import { follow, type Loss } from './follow';
import type { Presence } from './presence';
import type { RunEvent } from './types';

interface Asked {
  path: string;
  after: string | undefined;
  isAborted: () => boolean;
  say: (...events: object[]) => void;
  comment: () => void;
  cut: () => void;
}

let asked: Asked[];
let seen: RunEvent[];
let losses: Loss[];
let opened: number;
let now: { isHidden: boolean; isOffline: boolean; isStalled: boolean; status: number; pending: object[] };
let listeners: Set<() => void>;
let stop: AbortController;
let outcome: Promise<void>;

const presence: Presence = {
  isHidden: () => now.isHidden,
  isOffline: () => now.isOffline,
  onChange: (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};
const change = (to: Partial<typeof now>) => {
  Object.assign(now, to);
  for (const listener of [...listeners]) listener();
};
const event = (seq: number, type: string, more: object = {}) => ({ seq, type, run_id: 'r', time: new Date(0).toISOString(), ...more });
const streams = () => asked.filter(({ path }) => path === 'stream');
const open = () => streams().filter(({ isAborted }) => !isAborted());
const polls = () => asked.filter(({ path }) => path === 'poll');
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  [asked, seen, losses, opened, listeners] = [[], [], [], 0, new Set()];
  now = { isHidden: false, isOffline: false, isStalled: false, status: 200, pending: [] };
  vi.stubGlobal('document', { baseURI: 'http://h/' });
  vi.stubGlobal('sessionStorage', { getItem: () => null });
  // The timer of the real one is not a fake one.
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const timed = new AbortController();
    setTimeout(() => timed.abort(new DOMException('', 'TimeoutError')), ms);
    return timed.signal;
  });
  vi.stubGlobal('fetch', (url: URL, init: RequestInit) => {
    const headers = init.headers as { accept?: string; 'last-event-id'?: string } | undefined;
    const encoder = new TextEncoder();
    const { signal } = init;
    return new Promise<Response>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
      if (now.isOffline) return reject(new TypeError('failed'));
      const isStream = headers?.accept === 'text/event-stream';
      const body = new TransformStream<Uint8Array, Uint8Array>();
      const writer = body.writable.getWriter();
      signal?.addEventListener('abort', () => void writer.abort(signal.reason).catch(() => undefined));
      const write = (text: string) => void writer.write(encoder.encode(text)).catch(() => undefined);
      asked.push({
        path: isStream ? 'stream' : url.pathname.endsWith('healthz') ? 'probe' : 'poll',
        after: isStream ? headers['last-event-id'] : (url.searchParams.get('after') ?? undefined),
        isAborted: () => signal?.aborted ?? false,
        say: (...events) => {
          for (const one of events) write(`data: ${JSON.stringify(one)}\n\n`);
        },
        comment: () => write(': hb\n\n'),
        cut: () => void writer.close().catch(() => undefined),
      });
      if (now.isStalled) return;
      if (now.status !== 200) return resolve(new Response('{}', { status: now.status }));
      if (isStream) resolve(new Response(body.readable));
      else resolve(Response.json({ items: now.pending }));
    });
  });
  stop = new AbortController();
  outcome = follow('r', {
    signal: stop.signal,
    presence,
    after: () => Math.max(0, ...seen.map((one) => ('seq' in one ? one.seq : 0))),
    onEvents: (events) => void seen.push(...events),
    onOpen: () => (opened += 1),
    onLost: (loss) => void losses.push(loss),
  });
});

afterEach(async () => {
  stop.abort();
  await pass(60_000);
  await outcome;
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it('holds no stream while the run waits, and continues after its last event', async () => {
  await pass(10);
  streams()[0]!.say(event(1, 'run.created'), event(2, 'run.suspended'));
  await pass(1500);
  expect(open()).toHaveLength(0);
  await pass(10_000);
  expect(polls().length).toBeGreaterThan(2);
  expect(polls().at(-1)).toMatchObject({ after: '2' });
  expect(losses).toEqual([]);
  now.pending = [event(3, 'run.resumed')];
  await pass(3100);
  now.pending = [];
  await pass(10);
  expect(open()).toHaveLength(1);
  expect(open()[0]!.after).toBe('3');
  expect(seen.map(({ type }) => type)).toEqual(['run.created', 'run.suspended', 'run.resumed']);
});

it('asks at once for what was sent while the run rests, and when its time comes', async () => {
  await pass(10);
  streams()[0]!.say(event(1, 'run.suspended', { wake_at: new Date(Date.now() + 2000).toISOString() }));
  await pass(1100);
  const before = polls().length;
  change({});
  await pass(10);
  expect(polls()).toHaveLength(before + 1);
  await pass(1000);
  expect(polls().length).toBeGreaterThan(before + 1);
  expect(polls().length).toBeLessThan(before + 4);
});

it('keeps the stream of a rest that is short', async () => {
  await pass(10);
  streams()[0]!.say(event(1, 'run.suspended'));
  await pass(500);
  streams()[0]!.say(event(2, 'run.resumed'));
  await pass(3000);
  expect(streams()).toHaveLength(1);
  expect(open()).toHaveLength(1);
});

it('releases the stream of a tab that is hidden, and takes one again when it is seen', async () => {
  await pass(10);
  streams()[0]!.say(event(1, 'run.started'));
  change({ isHidden: true });
  await pass(3100);
  expect(open()).toHaveLength(0);
  await pass(31_000);
  expect(polls().length).toBeLessThanOrEqual(4);
  change({ isHidden: false });
  await pass(10);
  expect(open()).toHaveLength(1);
  expect(open()[0]!.after).toBe('1');
  expect(losses).toEqual([]);
});

it('a look at another tab may be short', async () => {
  await pass(10);
  change({ isHidden: true });
  await pass(1000);
  change({ isHidden: false });
  await pass(5000);
  expect(streams()).toHaveLength(1);
});

it('notices within 10 s that the server stalls, and says no more than it knows', async () => {
  await pass(10);
  streams()[0]!.say(event(1, 'run.started'));
  await pass(10);
  now.isStalled = true;
  await pass(9900);
  expect(losses[0]).toMatchObject({ cause: 'silent' });
  expect(lossWords(losses[0]!, losses[0]!.since)).toBe('The server does not answer. Whether the run continues is not known.');
  now.isStalled = false;
  losses.at(-1)!.retryNow();
  await pass(10);
  expect(open()[0]!.after).toBe('1');
});

it('keeps a stream that is silent as long as the server answers', async () => {
  await pass(10);
  await pass(30_000);
  expect(losses).toEqual([]);
  expect(streams()).toHaveLength(1);
});

it('is quiet while comments come', async () => {
  await pass(10);
  for (let beat = 0; beat < 10; beat += 1) {
    streams()[0]!.comment();
    await pass(5000);
  }
  expect(asked).toHaveLength(1);
});

it('notices at once that the network is gone, and tries at once when it is back', async () => {
  await pass(10);
  change({ isOffline: true });
  await pass(50);
  expect(losses.at(-1)).toMatchObject({ cause: 'offline' });
  await pass(7000);
  change({ isOffline: false });
  await pass(10);
  expect(open()).toHaveLength(1);
});

it.each([
  [429, 'busy', 'The server takes no more readers. The run continues on the server.'],
  [503, 'failing', 'The server answers with an error. Whether the run continues is not known.'],
])('an answer with %s is a server that is %s', async (status, cause, words) => {
  await pass(10);
  now.status = status;
  streams()[0]!.cut();
  await pass(600);
  expect(losses.map((loss) => loss.cause)).toEqual(['cut', cause]);
  expect(lossWords(losses[1]!, losses[1]!.since)).toBe(words);
  expect(lossWords(losses[1]!, losses[1]!.since + 31_000)).toMatch(/Trying again every 1 s\.$/);
});

it('ends with the run', async () => {
  await pass(10);
  streams()[0]!.say(event(1, 'run.completed'));
  await pass(10);
  await outcome;
  expect(open()).toHaveLength(0);
  expect(opened).toBe(1);
});
