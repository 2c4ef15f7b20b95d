// The client against the running server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WorkflowClient, WorkflowError, type Update } from 'llm-workflow-client';
import { Server } from './server.js';
import { counted, EXPLAIN, seqs, TWO_STEPS, WITH_PERSON } from './workflows.js';

const KEY = 'right-key-0123456789';
let server: Server;
let client: WorkflowClient;

before(async () => {
  server = await Server.start(['--simulate-pace', '5ms'], { WORKFLOW_API_KEYS: KEY });
  client = new WorkflowClient({ baseUrl: server.url, apiKey: KEY });
});
after(() => server.end());

/** The error of a promise that must fail. */
async function failure(promise: Promise<unknown>): Promise<WorkflowError> {
  const error = await promise.then(
    () => assert.fail('it succeeded'),
    (error: unknown) => error,
  );
  assert(error instanceof WorkflowError, String(error));
  return error;
}

async function all(updates: AsyncIterable<Update>): Promise<Update[]> {
  const received: Update[] = [];
  for await (const update of updates) received.push(update);
  return received;
}

test('a run is started and followed to its result', async () => {
  const workflow = await client.createWorkflow(EXPLAIN);
  const run = await client.start(workflow.id, { input: 'Tides', metadata: { order: 17 } });
  const updates = await all(client.follow(run.id));
  const last = updates.at(-1);
  assert(last?.type === 'run.completed');
  assert.deepEqual(seqs(updates), counted(last.seq));
  const text = updates.map((update) => (update.type === 'node.delta' ? update.delta : '')).join('');
  assert.equal(text, last.output, 'the pieces add up to the output');
  assert.equal(await client.result(run.id), last.output);
  const report = await client.run(run.id);
  assert.deepEqual([report.status, report.output, report.metadata], ['completed', last.output, { order: 17 }]);
  assert.equal(seqs(await all(client.follow(run.id, { after: 3 })))[0], 4);
  assert.deepEqual(await all(client.follow(run.id, { after: last.seq })), [], 'the reader has everything');
});

test('a step is answered while its run is followed', async () => {
  const workflow = await client.createWorkflow(WITH_PERSON);
  const run = await client.start(workflow.id, { input: 'tides' });
  let answered = 0;
  for await (const update of client.follow(run.id)) {
    if (update.type !== 'node.waiting') continue;
    assert.equal(update.message, 'Publish tides?');
    const other = await failure(client.answer(run.id, 'write', 'yes'));
    assert.deepEqual([other.kind, other.hint], ['no_wait', 'these steps wait: approve']);
    const invalid = await failure(client.answer(run.id, 'approve', 'maybe'));
    assert.deepEqual([invalid.status, invalid.code, invalid.faults.length], [422, 'invalid_answer', 1]);
    await client.answer(run.id, 'approve', 'yes');
    await client.answerWait(run.id, update.wait_id, 'yes');
    answered += 1;
  }
  assert.equal(answered, 1);
  assert.equal((await client.run(run.id)).status, 'completed');
});

test('a run is cancelled, and its result says so', async () => {
  const workflow = await client.createWorkflow(WITH_PERSON);
  const run = await client.start(workflow.id, { input: 'tides' });
  assert.equal((await client.cancel(run.id)).status, 'cancelled');
  const error = await failure(client.result(run.id));
  assert.deepEqual([error.kind, error.code], ['run_cancelled', 'cancelled']);
});

test('a failed run is an error with its code', async () => {
  const workflow = await client.createWorkflow({ nodes: [{ id: 'ask', type: 'LLMNode', retry: 1, data: { prompt: '[[safety]]' } }] });
  const run = await client.start(workflow.id, { input: null });
  const error = await failure(client.result(run.id));
  assert.deepEqual([error.kind, error.code], ['run_failed', (await client.run(run.id)).error?.code]);
});

test('a refusal has code, hint and pointer', async () => {
  // @ts-expect-error: not a type of node
  const error = await failure(client.createWorkflow({ nodes: [{ id: 'a', type: 'PromtNode', data: {} }] }));
  assert.deepEqual([error.status, error.code, error.pointer], [422, 'invalid_workflow', '#/nodes/0/type']);
  assert.match(error.hint ?? '', /PromptNode/);
  assert.match(error.message, /^failed to create the workflow: 1 fault in the workflow: #\/nodes\/0\/type: /);
  const unknown = '0197f9d2-6f3e-7000-8000-000000000001';
  assert.deepEqual((await failure(client.run(unknown))).code, 'unknown_run');
  assert.deepEqual((await failure(all(client.follow(unknown)))).status, 404);
});

test('a wrong key is refused and not shown', async () => {
  const wrong = new WorkflowClient({ baseUrl: server.url, apiKey: 'wrong-key-0123456789' });
  const error = await failure(wrong.createWorkflow(EXPLAIN));
  assert.deepEqual([error.status, error.code], [401, 'unauthorized']);
  assert.doesNotMatch(JSON.stringify([wrong, error, error.message, String(error.cause)]), /wrong-key/);
  assert.equal((await failure(new WorkflowClient({ baseUrl: server.url }).run('x'))).status, 401);
});

test('the same idempotency key starts one run', async () => {
  const { id } = await client.createWorkflow(EXPLAIN);
  const start = () => client.start(id, { input: 'Tides', idempotencyKey: 'order-17' });
  const first = await start();
  assert.equal((await start()).id, first.id);
  assert.notEqual((await client.start(id, { input: 'Tides' })).id, first.id);
});

test('a run is continued, and run with another output of a step', async () => {
  const workflow = await client.createWorkflow(TWO_STEPS);
  const first = await client.start(workflow.id, { input: 'Tides', budget: { calls: 5 } });
  const output = await client.result(first.id);

  const again = await client.retry(first.id, { reuse: 'unchanged' });
  assert.equal(await client.result(again.id), output);
  const report = await client.run(again.id);
  assert.deepEqual([report.retry_of, report.origin?.reused, report.budget?.limit], [first.id, 1, { calls: 5 }]);

  const retry = () => client.retry(first.id, { overrides: { final: 'Mine' }, budget: { calls: 2 }, idempotencyKey: 'what-if' });
  const whatIf = await retry();
  assert.equal((await retry()).id, whatIf.id);
  assert.equal(await client.result(whatIf.id), 'Mine');
  assert.deepEqual((await client.run(whatIf.id)).budget?.limit, { calls: 2 });

  assert.equal(await client.result((await client.retry(first.id, { only: 'draft' })).id), 'About Tides');
  const both = await failure(client.retry(first.id, { only: 'draft', from: 'final' }));
  assert.deepEqual([both.status, both.code], [422, 'invalid_body']);
});

test('a run is predicted, compared with another, and asked for values', async () => {
  const workflow = await client.createWorkflow(TWO_STEPS);
  const before = await client.predict(workflow.id, { input: 'Tides' });
  assert.deepEqual(before.steps.map(({ path, status }) => [path, status]), [['draft', 'computed'], ['final', 'runs']]);
  const first = await client.start(workflow.id, { input: 'Tides' });
  await client.result(first.id);
  assert.deepEqual((await client.predictRetry(first.id, { reuse: 'unchanged' })).counts, { computed: 1, reused: 1 });
  const french = { prompt: 'In French: {{ draft.output }}' };
  const spec = { nodes: TWO_STEPS.nodes.map((node) => (node.id === 'final' ? { ...node, data: french } : node)) };
  assert.equal((await client.predictRetry(first.id, { reuse: 'unchanged', spec })).counts['reused'], undefined);

  const other = await client.retry(first.id, { overrides: { final: 'Mine' } });
  await client.result(other.id);
  const diff = await client.diff(first.id, other.id);
  assert.deepEqual(diff.steps.filter(({ change }) => change === 'changed').map(({ path }) => path), ['final']);
  assert.equal(await client.evaluate(first.id, 'final', 'draft.output | length'), 'About Tides'.length);
  const unknown = await failure(client.evaluate(first.id, 'final', 'nobody.output'));
  assert.equal(unknown.status, 422);
});

test('a signal ends the stream and not the run', async () => {
  const workflow = await client.createWorkflow(WITH_PERSON);
  const run = await client.start(workflow.id, { input: 'tides' });
  const controller = new AbortController();
  const following = (async () => {
    for await (const update of client.follow(run.id, { signal: controller.signal })) {
      if (update.type === 'run.suspended') setImmediate(() => controller.abort());
    }
  })();
  await assert.rejects(following, { name: 'AbortError' });
  await assert.rejects(client.result(run.id, { signal: controller.signal }), { name: 'AbortError' });
  assert.equal((await client.run(run.id)).status, 'waiting');
  await client.cancel(run.id);
});
