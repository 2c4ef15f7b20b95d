import { Backoff, pause } from './backoff.js';
import { protocol, unreachable, WorkflowError } from './error.js';
import type { Problem } from './types.js';

export interface ClientOptions {
  /** Where the server is, such as `http://127.0.0.1:8000`; in a browser also relative to the page. */
  baseUrl: string;
  /** Sent as `authorization: Bearer`. In a browser, everyone who can open the page can read it. */
  apiKey?: string | undefined;
  /** How long a request or stream is retried without success. Default: 60,000; 0: never. */
  retryForMs?: number;
  /** How long one request and its response may take. Streams are not limited by it. Default: 30,000. */
  requestTimeMs?: number;
  /** After this long without a byte, a stream is opened again. The server sends a heartbeat every 5 s by default. Default: 30,000. */
  silenceMs?: number;
}

export interface Call {
  method?: 'GET' | 'POST';
  /** Below `api/`. */
  path: string;
  /** What is attempted, for errors. */
  attempt: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Whether a repeated request after a lost response would have its effect twice. */
  notRepeatable?: boolean;
}

/** The most characters of a response that is no problem document, in an error. */
const MAX_EXCERPT = 200;

/** Sends requests, with key, time limits and retries. */
export class Http {
  readonly #base: URL;
  /** Private, so that no log of a client shows it. */
  readonly #apiKey: string | undefined;
  readonly #options: Required<Omit<ClientOptions, 'baseUrl' | 'apiKey'>>;

  constructor({ baseUrl, apiKey, retryForMs = 60_000, requestTimeMs = 30_000, silenceMs = 30_000 }: ClientOptions) {
    // Not in Node.
    const page = (globalThis as { location?: { href: string } }).location?.href;
    this.#base = new URL(baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`, page);
    this.#apiKey = apiKey === undefined ? undefined : checked(apiKey);
    this.#options = { retryForMs, requestTimeMs, silenceMs };
  }

  backoff(): Backoff {
    return new Backoff(this.#options.retryForMs);
  }

  /** The JSON of a response. Repeats the request as long as that is safe and may help. */
  async call<T>(call: Call): Promise<T> {
    const backoff = this.backoff();
    for (;;) {
      try {
        return await this.#try<T>(call);
      } catch (error) {
        const tookNoEffect = error instanceof WorkflowError && (error.status === 429 || error.status === 503);
        if (call.notRepeatable && !tookNoEffect) throw error;
        await pause(backoff.failed(error), call.signal);
      }
    }
  }

  async #try<T>(call: Call): Promise<T> {
    const request = this.#request(call, 'application/json');
    const limit = new Limit(this.#options.requestTimeMs, call.signal);
    try {
      const response = await this.#respond(call.attempt, request, limit);
      const text = await response.text();
      return parse<T>(call.attempt, text);
    } catch (error) {
      throw limit.explain(call.attempt, error);
    } finally {
      limit.end();
    }
  }

  /** The pieces of a stream; `undefined` if there is no content. A silent one is an error. */
  async stream(call: Call): Promise<AsyncGenerator<Uint8Array> | undefined> {
    const request = this.#request(call, 'text/event-stream');
    const limit = new Limit(this.#options.silenceMs, call.signal);
    try {
      const { body, status } = await this.#respond(call.attempt, request, limit);
      if (status !== 204 && body) return pieces(body, limit, call.attempt);
      limit.end();
      return undefined;
    } catch (error) {
      limit.end();
      throw limit.explain(call.attempt, error);
    }
  }

  /** Throws a `TypeError` for a header that is not valid HTTP, such as a key with a line break: it would fail each time. */
  #request({ method = 'GET', path, body, headers }: Call, accept: string): Request {
    return new Request(new URL(`api/${path}`, this.#base), {
      method,
      // Inputs must not go to a host that the caller has not named.
      redirect: 'manual',
      cache: 'no-store',
      headers: {
        accept,
        ...(this.#apiKey === undefined ? {} : { authorization: `Bearer ${this.#apiKey}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async #respond(attempt: string, request: Request, { signal }: Limit): Promise<Response> {
    const response = await fetch(request, { signal });
    if (response.ok) return response;
    if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
      throw protocol(attempt, 'the server redirects: use the URL to which it redirects as the base URL');
    }
    throw await this.#refusal(attempt, response);
  }

  async #refusal(attempt: string, response: Response): Promise<WorkflowError> {
    const text = await response.text();
    const status = response.status;
    const retryAfterMs = retryAfter(response.headers.get('retry-after'));
    const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json');
    if (isProblem) return new WorkflowError(attempt, { kind: 'refused', status, problem: parse<Problem>(attempt, text), retryAfterMs });
    const shown = this.#apiKey ? text.replaceAll(this.#apiKey, '***') : text;
    const detail = `the response is ${status}: ${shown.replace(/\s+/g, ' ').slice(0, MAX_EXCERPT)}`;
    return new WorkflowError(attempt, { kind: 'refused', status, problem: { code: 'unexpected_response', detail }, retryAfterMs });
  }
}

/** The key without the white space of a paste. An error of `fetch` would show it, so it is checked here. */
function checked(apiKey: string): string {
  const key = apiKey.trim();
  if (!/^[!-~]+$/.test(key)) throw new TypeError('the API key is empty, or has characters that are not allowed in an HTTP header');
  return key;
}

/** Ends a request when the caller says so, or after a time. */
class Limit {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #ms: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number, caller: AbortSignal | undefined) {
    this.#ms = ms;
    this.#caller = caller;
    caller?.addEventListener('abort', this.#abort);
    if (caller?.aborted) this.#abort();
    this.begin();
  }

  readonly #abort = () => this.#controller.abort(this.#caller?.reason);

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Begins the time anew. */
  begin(): void {
    this.pause();
    this.#timer = setTimeout(() => this.#controller.abort(new Error(`no response for ${this.#ms} ms`)), this.#ms);
  }

  pause(): void {
    clearTimeout(this.#timer);
  }

  /** Closes the connection, if it is still open. */
  end(): void {
    this.pause();
    this.#caller?.removeEventListener('abort', this.#abort);
    this.#controller.abort();
  }

  /** The error to throw for one of `fetch`: the caller's own reason, or that there was no response. */
  explain(attempt: string, error: unknown): unknown {
    if (this.#caller?.aborted) return this.#caller.reason;
    return error instanceof WorkflowError ? error : unreachable(attempt, error);
  }
}

async function* pieces(body: ReadableStream<Uint8Array>, limit: Limit, attempt: string): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      limit.begin();
      const { done, value } = await reader.read();
      // A reader that takes its time is not the silence of the server.
      limit.pause();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw limit.explain(attempt, error);
  } finally {
    limit.end();
  }
}

function parse<T>(attempt: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw protocol(attempt, 'the response is not that of a workflow server', error);
  }
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
