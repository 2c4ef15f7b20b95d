// Servers and proxies that behave badly: silent, broken, redirecting, too busy.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { WorkflowClient, WorkflowError, type ClientOptions, type Update } from 'llm-workflow-client';
import { seqs } from './workflows.js';

const RUN = '0197f9d2-6f3e-7000-8000-000000000001';
const SSE = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nretry: 1000\n: ok\n\n';

const frame = (json: object): string => `data: ${JSON.stringify({ run_id: RUN, ...json })}\n\n`;
const event = (seq: number, type: string): string => `id: ${seq}\nevent: ${type}\n${frame({ seq, type, output: 1 })}`;
const delta = (offset: number, text: string): string =>
  frame({ type: 'node.delta', node: 'a', path: 'a', attempt: 1, kind: 'text', offset, delta: text });
const response = (status: string, headers: string, body: string): string =>
  `HTTP/1.1 ${status}\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;

type Script = { bytes: string | Buffer[]; then: 'close' | 'stall' };
const close = (bytes: string): Script => ({ bytes, then: 'close' });
const stall = (bytes: string): Script => ({ bytes, then: 'stall' });

/** A server with one script for each connection, and the heads of its requests. */
async function scripted(
  scripts: Script[],
  use: (client: WorkflowClient, requests: string[], times: number[]) => Promise<void>,
  options: Partial<ClientOptions> = {},
) {
  const requests: string[] = [];
  const times: number[] = [];
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', async (head) => {
      const script = scripts[requests.length];
      requests.push(head.toString());
      times.push(performance.now());
      for (const piece of typeof script?.bytes === 'string' ? [script.bytes] : (script?.bytes ?? [])) {
        socket.write(piece);
        await new Promise(setImmediate);
      }
      if (script?.then !== 'stall') socket.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  try {
    await use(new WorkflowClient({ baseUrl: `http://127.0.0.1:${port}`, ...options }), requests, times);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

async function all(updates: AsyncIterable<Update>): Promise<Update[]> {
  const received: Update[] = [];
  for await (const update of updates) received.push(update);
  return received;
}

const textOf = (updates: Update[]): string => updates.map((update) => (update.type === 'node.delta' ? update.delta : '')).join('');

const failed = (code: string, status?: number) => (error: unknown) => {
  assert(error instanceof WorkflowError, String(error));
  assert.deepEqual([error.code, error.status], [code, status]);
  return true;
};

test('a silent and a broken stream are opened again after the last event', () =>
  scripted(
    [
      stall(`${SSE}${event(1, 'run.created.later')}${delta(0, 'Ti')}`),
      close(`${SSE}${event(2, 'run.started')}${delta(0, 'Tide')}data: {"seq":3`),
      stall(''),
      stall(`${SSE}${event(2, 'run.started')}${event(3, 'run.resumed')}${delta(0, 'Tides')}${event(4, 'run.completed')}`),
    ],
    async (client, requests) => {
      const updates = await all(client.follow(RUN));
      assert.deepEqual(seqs(updates), [1, 2, 3, 4]);
      assert.equal(textOf(updates), 'Tides');
      assert.deepEqual(
        requests.map((request) => /last-event-id: (\d+)/i.exec(request)?.[1]),
        [undefined, '1', '2', '2'],
      );
    },
    { silenceMs: 400 },
  ));

test('frames are read wherever their bytes are cut', () => {
  const bytes = Buffer.from(`${SSE}${delta(0, 'ä🌊')}: hb\r\n\r\ndata: {"seq":1,\r\ndata: "type":"run.started"}\r\n\r\n${event(2, 'run.completed')}`);
  const pieces = Array.from(bytes, (byte) => Buffer.from([byte]));
  return scripted([{ bytes: pieces, then: 'stall' }], async (client) => {
    const updates = await all(client.follow(RUN));
    assert.equal(textOf(updates), 'ä🌊');
    assert.deepEqual(seqs(updates), [1, 2]);
  });
});

test('a missing event is read again', () =>
  scripted(
    [
      stall(`${SSE}${event(1, 'run.started')}${event(3, 'run.completed')}`),
      stall(`${SSE}${event(2, 'run.resumed')}${event(3, 'run.completed')}`),
    ],
    async (client) => assert.deepEqual(seqs(await all(client.follow(RUN))), [1, 2, 3]),
  ));

test('a server that greets and breaks off each time is given up', () =>
  scripted(
    Array.from({ length: 50 }, () => close(SSE)),
    async (client, requests) => {
      await assert.rejects(all(client.follow(RUN)), failed('unreachable'));
      assert(requests.length > 1 && requests.length < 10, `${requests.length} requests`);
    },
    { retryForMs: 900 },
  ));

const PROBLEM = 'content-type: application/problem+json\r\n';
const busy = JSON.stringify({ title: 'Busy', code: 'busy', detail: 'busy', status: 429 });

test('a busy server is asked again, not before it says, with the same idempotency key', () =>
  scripted(
    [
      close(response('429 Too Many Requests', `${PROBLEM}retry-after: 1\r\n`, busy)),
      // The response is lost, and the run may have started.
      close(''),
      close(response('502 Bad Gateway', '', '<html>')),
      close(response('422 Unprocessable Content', PROBLEM, busy)),
    ],
    async (client, requests, times) => {
      await assert.rejects(client.start(RUN, { input: 1 }), failed('busy', 422));
      const [first = 0, second = 0] = times;
      assert(second - first >= 1000, `${second - first} ms`);
      const keys = new Set(requests.map((request) => /idempotency-key: (\S+)/i.exec(request)?.[1]));
      assert.equal(requests.length, 4);
      assert(keys.size === 1 && !keys.has(undefined));
    },
  ));

test('a request that cannot be sent is not repeated', () =>
  scripted([], (client) => assert.rejects(client.start(RUN, { input: 1, idempotencyKey: 'a\nb' }), TypeError)));

test('a key that cannot be sent is refused without showing it', () => {
  for (const apiKey of ['s3cret\nx', 's3crét', ' ']) {
    assert.throws(
      () => new WorkflowClient({ baseUrl: 'http://127.0.0.1:1', apiKey }),
      (error: Error) => error instanceof TypeError && !/s3cr/.test(error.message),
    );
  }
});

test('creating is not repeated after a lost response', () =>
  scripted([close(''), close('')], async (client, requests) => {
    await assert.rejects(client.createWorkflow({ nodes: [] }), failed('unreachable'));
    assert.equal(requests.length, 1);
  }));

test('a silent server is an error after the time for a request', () =>
  scripted([stall('')], (client) => assert.rejects(client.run(RUN), failed('unreachable')), { requestTimeMs: 200, retryForMs: 0 }));

test('errors show neither the key nor more than a little of a foreign response', () =>
  scripted(
    [
      close(response('401 Unauthorized', '', `no such key: s3cret-key-17 ${'x'.repeat(10_000)}`)),
      close(response('308 Permanent Redirect', 'location: https://elsewhere.example/\r\n', '')),
      close(response('200 OK', '', '<html>')),
    ],
    async (client, requests) => {
      const errors = [];
      for (let request = 0; request < 3; request += 1) errors.push(await client.run(RUN).catch((error: WorkflowError) => error));
      const texts = errors.map((error) => String(error));
      assert.match(texts[0] ?? '', /the response is 401: no such key: \*\*\* x+$/);
      assert((texts[0]?.length ?? 0) < 400);
      assert.match(texts[1] ?? '', /redirects/);
      assert.match(texts[2] ?? '', /not that of a workflow server/);
      assert.doesNotMatch(texts.join(), /s3cret/);
      assert.match(requests[0] ?? '', /authorization: Bearer s3cret-key-17/i);
    },
    { apiKey: 's3cret-key-17' },
  ));
