// A server that is killed and started again while a run is followed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkflowClient, type Update } from 'llm-workflow-client';
import { Server } from './server.js';
import { counted, EXPLAIN, seqs, WITH_PERSON } from './workflows.js';

test('a follower has each event exactly once, and the text of each attempt without gaps', async () => {
  const server = await Server.start(['--simulate-pace', '20ms']);
  try {
    const client = new WorkflowClient({ baseUrl: server.url });
    const { id } = await client.createWorkflow(EXPLAIN);
    const run = await client.start(id, { input: 'Tides' });
    const received: Update[] = [];
    let text = '';
    let kills = 0;
    for await (const update of client.follow(run.id)) {
      received.push(update);
      if (update.type === 'node.started') text = '';
      if (update.type === 'node.delta') {
        assert.equal(update.offset, text.length);
        text += update.delta;
        if (kills < 2) {
          kills += 1;
          await server.restart();
        }
      }
    }
    assert.equal(kills, 2);
    const last = received.at(-1);
    assert(last?.type === 'run.completed', last?.type);
    assert.deepEqual(seqs(received), counted(last.seq));
    assert.equal(text, last.output);
  } finally {
    await server.end();
  }
});

test('a waiting run is followed over a restart and an answer', async () => {
  const server = await Server.start(['--simulate-pace', '0ms']);
  try {
    const client = new WorkflowClient({ baseUrl: server.url });
    const { id } = await client.createWorkflow(WITH_PERSON);
    const run = await client.start(id, { input: 'tides' });
    const received: Update[] = [];
    let restarted: Promise<void> | undefined;
    for await (const update of client.follow(run.id)) {
      received.push(update);
      // Not awaited: the stream waits meanwhile, and must find the server by itself.
      if (update.type === 'run.suspended') restarted ??= server.restart().then(() => void client.answer(run.id, 'approve', 'no'));
    }
    await restarted;
    assert.deepEqual(seqs(received), counted(received.length - received.filter(({ type }) => type === 'node.delta').length));
    assert.equal(received.at(-1)?.type, 'run.completed');
  } finally {
    await server.end();
  }
});
