// Reads the events of one run, from the first to the last, over several connections if needed.
//
// A browser opens six connections to a server over HTTP/1.1, for all its tabs together. So a stream is held only while
// the run is active and the page is visible; else the page polls. Both continue after the last event.
import { ApiError, getEvents, isAnswering, PATIENCE, request } from './client';
import { serverNow } from './clock';
import type { Presence } from './presence';
import { createFrameParser } from './sse';
import { endsRun, type RunEvent } from './types';

export interface Following {
  /** The number of the last event the page has. */
  after: () => number;
  onEvents: (events: RunEvent[]) => void;
  onOpen: () => void;
  onLost: (loss: Loss) => void;
  presence: Presence;
  signal: AbortSignal;
}

/**
 * `cut`: the stream ended early. `silent`: the server does not answer. `offline`: neither does the network. `busy`: the server
 * takes no more readers. `failing`: it answers with an error of its own.
 */
export type Cause = 'cut' | 'silent' | 'offline' | 'busy' | 'failing';

export interface Loss {
  cause: Cause;
  since: number;
  /** The next try starts in so many ms, or when `retryNow` is called. */
  retryIn: number;
  retryNow: () => void;
}

/** The server sends a comment every 5 s by default; after this silence its health is checked. */
export const SILENCE = 6_000;
/** A server can be configured to be silent for longer. After this silence the stream is reopened. */
const LONG_SILENCE = 60_000;
const LONGEST_PAUSE = 5_000;
/** Text so far comes within this time after connecting; later text is new. */
const CATCHING_UP = 150;
/** A suspension, or a hidden tab, may be short: the stream is kept this long. */
const LINGER = 1_000;
const LINGER_HIDDEN = 3_000;
/** How often events are requested while a run waits, and while the page is hidden. */
const POLL = 3_000;
const POLL_HIDDEN = 15_000;
const POLL_PATIENCE = 5_000;

type Outcome = 'ended' | 'released' | 'nothing' | Cause;

/** Whether the run is suspended, as the events say. */
interface Rest {
  isResting: boolean;
  /** When it resumes by itself, by the server's clock. */
  wakeAt?: number;
}

/** Resolves when the run has ended, rejects when the server says that there is nothing to follow. */
export async function follow(run: string, following: Following): Promise<void> {
  const { signal, onLost, presence } = following;
  const rest: Rest = { isResting: false };
  let failures = 0;
  let since = 0;
  while (!signal.aborted) {
    const outcome = await (rest.isResting || presence.isHidden() ? poll : read)(run, following, rest, () => (failures = 0)).catch(causeOf);
    if (signal.aborted || outcome === 'ended') return;
    if (outcome === 'released') continue;
    if (outcome === 'nothing') {
      failures = 0;
      await pause(presence.isHidden() ? POLL_HIDDEN : pollIn(rest), following);
      continue;
    }
    if (failures++ === 0) since = Date.now();
    const retryIn = Math.min(500 * 2 ** (failures - 1), LONGEST_PAUSE);
    await pause(retryIn, following, (retryNow) => onLost({ cause: presence.isOffline() ? 'offline' : outcome, since, retryIn, retryNow }));
  }
}

/** The kind of loss for an error. An answer that there is nothing to follow is rethrown. */
function causeOf(error: unknown): Cause {
  if (!(error instanceof ApiError) || error.status === 0) return 'silent';
  if (error.status === 429 || error.status === 408) return 'busy';
  if (error.status < 500) throw error;
  return 'failing';
}

/** Earlier when the run resumes by itself; a server may be a little late. */
function pollIn({ wakeAt }: Rest): number {
  const left = wakeAt === undefined ? POLL : wakeAt - serverNow();
  if (left > 0) return Math.min(POLL, Math.max(50, left));
  return left > -POLL ? 500 : POLL;
}

/** Ends early when the tab becomes visible, when the network is back, and after a request that leads to events. */
function pause(ms: number, { signal, presence }: Following, offer?: (endNow: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, ms);
    const off = presence.onChange(() => !presence.isHidden() && !presence.isOffline() && end());
    signal.addEventListener('abort', end, { once: true });
    function end() {
      clearTimeout(timer);
      off();
      signal.removeEventListener('abort', end);
      resolve();
    }
    offer?.(end);
  });
}

/** Polls for events once. */
async function poll(run: string, following: Following, rest: Rest): Promise<Outcome> {
  const { after, onEvents, onOpen, signal } = following;
  const { items } = await getEvents(run, after(), AbortSignal.any([signal, AbortSignal.timeout(POLL_PATIENCE)]));
  onOpen();
  if (items.length === 0) return 'nothing';
  onEvents(items);
  restAfter(items, rest);
  return items.some((event) => endsRun(event.type)) ? 'ended' : 'released';
}

async function read(run: string, following: Following, rest: Rest, onByte: () => void): Promise<Outcome> {
  const { after, onEvents, onOpen, signal, presence } = following;
  const connection = new AbortController();
  let outcome: Outcome = 'cut';
  const stop = (why: Outcome) => {
    outcome = why;
    connection.abort();
  };
  const abort = () => stop('cut');
  signal.addEventListener('abort', abort);
  const silence = watchSilence(stop, connection.signal);
  const release = releaser(() => stop('released'));
  const off = presence.onChange(() => {
    release.when(presence.isHidden(), LINGER_HIDDEN);
    if (presence.isOffline()) silence.check();
  });
  try {
    silence.heard();
    const seen = after();
    const response = await request(`runs/${encodeURIComponent(run)}/events`, {
      headers: { accept: 'text/event-stream', ...(seen > 0 ? { 'last-event-id': String(seen) } : {}) },
      cache: 'no-store',
      signal: connection.signal,
    });
    onOpen();
    if (response.status === 204 || !response.body) return 'ended';
    const opened = performance.now();
    const parse = createFrameParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'cut';
      onByte();
      silence.heard();
      const isNews = performance.now() - opened > CATCHING_UP;
      const events = parse(value).map((frame) => timed(JSON.parse(frame.data) as RunEvent, isNews));
      if (events.length === 0) continue;
      onEvents(events);
      if (events.some((event) => endsRun(event.type))) return 'ended';
      restAfter(events, rest);
      release.when(rest.isResting || presence.isHidden(), rest.isResting ? LINGER : LINGER_HIDDEN);
    }
  } catch (error) {
    if (connection.signal.aborted) return outcome;
    throw error;
  } finally {
    silence.end();
    release.when(false, 0);
    off();
    signal.removeEventListener('abort', abort);
    connection.abort();
  }
}

function restAfter(events: RunEvent[], rest: Rest): void {
  for (const event of events) {
    if (event.type === 'run.suspended') Object.assign(rest, { isResting: true, wakeAt: event.wake_at === undefined ? undefined : Date.parse(event.wake_at) });
    else if (event.type === 'run.resumed') rest.isResting = false;
  }
}

/** Closes a stream that is not needed for some time. */
function releaser(release: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    when: (isIdle: boolean, linger: number) => {
      if (!isIdle) {
        clearTimeout(timer);
        timer = undefined;
      } else timer ??= setTimeout(release, linger);
    },
  };
}

/** A silent stream may be slow or dead: another request finds out. */
function watchSilence(stop: (why: Cause) => void, signal: AbortSignal) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isChecking = false;
  let heardAt = 0;
  const after = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(check, ms);
  };
  const check = () => {
    if (isChecking || signal.aborted) return;
    isChecking = true;
    const since = heardAt;
    void isAnswering(PATIENCE).then((isThere) => {
      isChecking = false;
      if (signal.aborted || heardAt !== since) return;
      if (!isThere) stop('silent');
      else if (Date.now() - heardAt > LONG_SILENCE) stop('cut');
      else after(SILENCE);
    });
  };
  return {
    heard: () => {
      heardAt = Date.now();
      after(SILENCE);
    },
    check,
    end: () => clearTimeout(timer),
  };
}

const timed = (event: RunEvent, isNews: boolean): RunEvent =>
  isNews && event.type === 'node.delta' ? { ...event, time: new Date(serverNow()).toISOString() } : event;
