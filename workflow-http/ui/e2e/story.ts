// A server with one run, whose events a test lets happen one by one. All else is answered by the real server.
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

type Event = Record<string, unknown> & { seq?: number; type: string };

interface Options {
  behind: string;
  run: string;
  workflow: { id: string; version: number; spec: { name?: string } };
  /** Answers in place of those of the real server, by path. */
  answers?: Record<string, unknown>;
}

export class Story {
  url = '';
  /** The answers that were given to waits, by the id of the wait. */
  readonly answered = new Map<string, unknown>();
  /** What the next answer to a wait is refused with. */
  refusal: { status: number; body: object } | undefined;
  readonly #options: Options;
  readonly #events: Event[] = [];
  readonly #readers = new Set<ServerResponse>();
  #server: HttpServer | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  async start() {
    const server = createServer((request, response) => void this.#answer(request, response).catch(() => response.destroy()));
    this.#server = server;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  stop() {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  /** These events happen now. */
  tell(...events: Event[]) {
    for (const event of events) {
      this.#events.push(event);
      for (const reader of this.#readers) reader.write(frameOf(event));
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse) {
    const { pathname, searchParams } = new URL(request.url!, this.url);
    const { run, workflow, answers = {} } = this.#options;
    const body = await bodyOf(request);
    const json = (value: unknown, status = 200) => {
      response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
      response.end(JSON.stringify(value));
    };
    const wait = new RegExp(`^/api/runs/${run}/waits/(.+)$`).exec(pathname)?.[1];
    if (wait !== undefined) {
      const { refusal } = this;
      this.refusal = undefined;
      if (refusal) return json({ status: refusal.status, ...refusal.body }, refusal.status);
      this.answered.set(wait, JSON.parse(body.toString()));
      return json({}, 202);
    }
    if (pathname === `/api/runs/${run}/events`) {
      const after = Number(request.headers['last-event-id'] ?? searchParams.get('after') ?? 0);
      const items = this.#events.filter(({ seq }) => seq === undefined || seq > after);
      if (!request.headers.accept?.includes('event-stream')) return json({ items: items.filter(({ seq }) => seq !== undefined) });
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`: hello\n\n${items.map(frameOf).join('')}`);
      this.#readers.add(response);
      response.on('close', () => this.#readers.delete(response));
      return undefined;
    }
    if (pathname === `/api/workflows/${workflow.id}`) return json({ name: null, ...workflow, ...(workflow.spec.name ? { name: workflow.spec.name } : {}) });
    if (pathname === '/api/workflows/validate') return json({ valid: true, errors: [], warnings: [] });
    if (pathname in answers) return json(answers[pathname]);
    return this.#pass(request, response, body);
  }

  async #pass(request: IncomingMessage, response: ServerResponse, body: Buffer) {
    const type = request.headers['content-type'];
    const passed = await fetch(new URL(request.url!.slice(1), this.#options.behind), {
      method: request.method!,
      headers: { accept: request.headers.accept ?? '*/*', ...(type ? { 'content-type': type } : {}) },
      ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
    });
    const headers = ['content-type', 'content-security-policy'].flatMap((name) =>
      passed.headers.get(name) === null ? [] : [[name, passed.headers.get(name)!]],
    );
    response.writeHead(passed.status, Object.fromEntries(headers));
    response.end(Buffer.from(await passed.arrayBuffer()));
  }
}

const frameOf = (event: Event): string => `${event.seq === undefined ? '' : `id: ${event.seq}\n`}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
