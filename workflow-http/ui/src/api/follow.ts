// One run's events, from its first to its last, over as many connections as that takes.
import { ApiError, request } from './client';
import { serverNow } from './clock';
import { createFrameParser } from './sse';
import { endsRun, type RunEvent } from './types';

export interface Following {
  /** The number of the last event the page has. */
  after: () => number;
  onEvents: (events: RunEvent[]) => void;
  onOpen: () => void;
  /** The connection is lost since `since`; the next try starts in `retryIn` ms, or when `retryNow` is called. */
  onLost: (since: number, retryIn: number, retryNow: () => void) => void;
  signal: AbortSignal;
}

/** The server sends a comment every 15 s; a silence this long is a dead connection. */
const SILENCE = 45_000;
const LONGEST_PAUSE = 5_000;
/** What a model has said so far comes within this time of connecting; what comes later is news. */
const CATCHING_UP = 150;

/** Resolves when the run has ended, rejects when the server says that there is nothing to follow. */
export async function follow(run: string, following: Following): Promise<void> {
  const { signal, onLost } = following;
  let failures = 0;
  let since = 0;
  while (!signal.aborted) {
    try {
      if ((await read(run, following, () => (failures = 0))) === 'ended') return;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && isFinal(error.status)) throw error;
    }
    if (signal.aborted) return;
    if (failures++ === 0) since = Date.now();
    const pause = Math.min(500 * 2 ** (failures - 1), LONGEST_PAUSE);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pause);
      const now = () => (clearTimeout(timer), resolve());
      signal.addEventListener('abort', now, { once: true });
      onLost(since, pause, now);
    });
  }
}

const isFinal = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429;

async function read(run: string, following: Following, onByte: () => void): Promise<'ended' | 'broken'> {
  const { after, onEvents, onOpen, signal } = following;
  const connection = new AbortController();
  const abort = () => connection.abort();
  signal.addEventListener('abort', abort);
  let watchdog = setTimeout(abort, SILENCE);
  try {
    const seen = after();
    const response = await request(`runs/${encodeURIComponent(run)}/events`, {
      headers: { accept: 'text/event-stream', ...(seen > 0 ? { 'last-event-id': String(seen) } : {}) },
      cache: 'no-store',
      signal: connection.signal,
    });
    if (response.status === 204 || !response.body) {
      onOpen();
      return 'ended';
    }
    onOpen();
    const opened = performance.now();
    const parse = createFrameParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'broken';
      onByte();
      clearTimeout(watchdog);
      watchdog = setTimeout(abort, SILENCE);
      const isNews = performance.now() - opened > CATCHING_UP;
      const events = parse(value).map((frame) => timed(JSON.parse(frame.data) as RunEvent, isNews));
      if (events.length > 0) onEvents(events);
      if (events.some((event) => endsRun(event.type))) return 'ended';
    }
  } finally {
    clearTimeout(watchdog);
    signal.removeEventListener('abort', abort);
    connection.abort();
  }
}

const timed = (event: RunEvent, isNews: boolean): RunEvent =>
  isNews && event.type === 'node.delta' ? { ...event, time: new Date(serverNow()).toISOString() } : event;
